/*
 * sim_run.h -- `tidelock sim`: the embedded cluster served over HTTP, with
 *              manifests applied first and operators at work in the same
 *              process.
 */
#ifndef TIDELOCK_APP_SIM_RUN_H
#define TIDELOCK_APP_SIM_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/bundle.h"
#include "base/err.h"

struct sim_run_options {
    const char *const *operators; /* paths */
    size_t operator_count;
    struct bundle_options bundle; /* --set, --overlay, for the operators */
    unsigned workers;             /* as in app/runtime.h */
    const char *const *files;     /* -f: files or folders */
    size_t file_count;
    const char *address; /* NULL: 127.0.0.1 */
    bool allow_non_loopback;
    uint16_t port;          /* 0: any free one */
    bool plain;             /* no TLS */
    const char *kubeconfig; /* written there; NULL: a temporary file */
    const char *tokens;     /* more users: a file of token,name lines */
    const char *data;       /* state is kept there; NULL: in memory */
    const char *audit;      /* NULL: none */
    const char *controllers;
    unsigned nodes;
    uint64_t pod_ready_ms;
    bool until_quiet; /* end when nothing changes any more, print objects */
    bool json;        /* as JSON */
    void (*print)(void *arg, const char *text, size_t len);
    /* The two lines that say where it serves. */
    void (*print_ready)(void *arg, const char *text, size_t len);
    void *print_arg;
};

/* Runs to the end and returns the exit code (app/runtime.h); `err` says why it
 * is EXIT_ERROR or EXIT_BAD_USAGE when it is filled. */
int sim_run(const struct sim_run_options *o, struct err *err);

#endif
