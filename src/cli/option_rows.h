/*
 * option_rows.h -- rows of options.h that several commands have, so that a
 *                  flag is called and explained the same everywhere.
 */
#ifndef TIDELOCK_CLI_OPTION_ROWS_H
#define TIDELOCK_CLI_OPTION_ROWS_H

#include "options.h"

#define OPTION_WORKERS(target)                                                 \
    {                                                                          \
        "--workers", NULL, "N",                                                \
            "processes that run the scripts, confined; 0: this one runs "      \
            "them; default 2",                                                 \
            OPTION_TEXT, target                                                \
    }
#define OPTION_NAMESPACE(target)                                               \
    {                                                                          \
        "--namespace", "-n", "NAME",                                           \
            "only this namespace; the default is all", OPTION_TEXT, target     \
    }
#define OPTION_SET(target)                                                     \
    {                                                                          \
        "--set", NULL, "NAME=VALUE",                                           \
            "a parameter of the operator; may be repeated", OPTION_LIST,       \
            target                                                             \
    }
#define OPTION_OVERLAY(target)                                                 \
    {                                                                          \
        "--overlay", NULL, "FILE", "changes an operator; may be repeated",     \
            OPTION_LIST, target                                                \
    }
#define OPTION_KUBECONFIG(target)                                              \
    {                                                                          \
        "--kubeconfig", NULL, "FILE",                                          \
            "instead of $KUBECONFIG, the pod's service account, "              \
            "~/.kube/config",                                                  \
            OPTION_TEXT, target                                                \
    }
#define OPTION_CONTEXT(target)                                                 \
    {                                                                          \
        "--context", NULL, "NAME", "context of the kubeconfig", OPTION_TEXT,   \
            target                                                             \
    }
#define OPTION_LEASE_NAME(target)                                              \
    {                                                                          \
        "--lease-name", NULL, "NAME",                                          \
            "Lease that remembers which kinds were owned; default tidelock",   \
            OPTION_TEXT, target                                                \
    }
#define OPTION_MAX_DELETES(target)                                             \
    {                                                                          \
        "--max-deletes", NULL, "N",                                            \
            "a plan that deletes more is refused, unless it says "             \
            "plan:allow_bulk; default 10",                                     \
            OPTION_TEXT, target                                                \
    }
#define OPTION_MAX_IN_FLIGHT(target)                                           \
    {                                                                          \
        "--max-in-flight", NULL, "N",                                          \
            "objects at a time; default: as many as the API server is fast "   \
            "with",                                                            \
            OPTION_TEXT, target                                                \
    }
#define OPTION_QPS(target)                                                     \
    {                                                                          \
        "--qps", NULL, "N", "requests a second at most; default: no limit",    \
            OPTION_TEXT, target                                                \
    }
#define OPTION_BURST(target)                                                   \
    {                                                                          \
        "--burst", NULL, "N", "requests at once with --qps; default 2 * qps",  \
            OPTION_TEXT, target                                                \
    }
#define OPTION_RECORD(target)                                                  \
    {                                                                          \
        "--record", NULL, "DIR",                                               \
            "save passes there as fixtures for tidelock replay; no secrets",   \
            OPTION_TEXT, target                                                \
    }
#define OPTION_VERBOSE(target)                                                 \
    {                                                                          \
        "--verbose", "-v", NULL, "log every decision", OPTION_FLAG, target     \
    }

/* Four rows; `endpoint` is a struct endpoint_options. */
#define OPTION_LISTEN(endpoint)                                                \
    {"--listen",                                                               \
     NULL,                                                                     \
     "ADDRESS",                                                                \
     "serve metrics, probes and /debug: 8080 on loopback; [HOST]:PORT "        \
     "elsewhere, then with TLS and tokens; default: do not",                   \
     OPTION_TEXT,                                                              \
     &(endpoint)->address},                                                    \
        {"--listen-secure",                                                    \
         NULL,                                                                 \
         NULL,                                                                 \
         "TLS and tokens also on loopback",                                    \
         OPTION_FLAG,                                                          \
         &(endpoint)->secure},                                                 \
        {"--tls-cert",                                                         \
         NULL,                                                                 \
         "FILE",                                                               \
         "certificate of the server, PEM, read again when it changes; "        \
         "default: one made at the start",                                     \
         OPTION_TEXT,                                                          \
         &(endpoint)->cert_file},                                              \
    {                                                                          \
        "--tls-key", NULL, "FILE", "its key", OPTION_TEXT,                     \
            &(endpoint)->key_file                                              \
    }

#endif
