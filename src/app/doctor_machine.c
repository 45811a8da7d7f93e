/*
 * doctor_machine.c -- what can be told without a cluster: the program, the
 *                     kernel, other programs' libraries, the configuration.
 */
#include "doctor_impl.h"

#include <stdlib.h>

#include "app/versions.h"
#include "base/version.h"
#include "io/file.h"
#include "io/system.h"
#include "lualib.h"

#define ZONES "/usr/share/zoneinfo"

static void look_at_program(struct doctor *d)
{
    const struct library *lib;
    struct str text = {0};

    doctor_add(d, "tidelock", DOCTOR_OK, "%s (commit %s)", version_text,
               version_commit);
    for (size_t i = 0; (lib = versions_library(i)); i++)
        str_addf(&text, "%s%s %s", i ? ", " : "", lib->name, lib->version());
    doctor_add(d, "libraries", DOCTOR_OK, "%s", str_text(&text));
    str_release(&text);
}

/* Without it `run` says so and does nothing, unless scripts are to run in this
 * process. */
static void look_at_worker(struct doctor *d)
{
    const char *path =
        file_beside_us(&d->rt.arena, "tidelock-worker", "../libexec/tidelock");

    if (path)
        doctor_add(d, "tidelock-worker", DOCTOR_OK, "%s", path);
    else
        doctor_hint(d,
                    doctor_add(d, "tidelock-worker", DOCTOR_WARN,
                               "is neither beside this program nor in "
                               "../libexec/tidelock"),
                    "it belongs to the installation; --workers 0 runs scripts "
                    "without it, with fewer walls");
}

static void look_at_library(struct doctor *d, const char *name,
                            const char *file, const char *variable,
                            const char *hint)
{
    const char *folder = lualib_find(&d->rt.arena, file, variable);

    if (!folder)
        d->failed = true;
    else if (*folder)
        doctor_add(d, name, DOCTOR_OK, "in %s", folder);
    else
        doctor_hint(d, doctor_add(d, name, DOCTOR_WARN, "is not installed"),
                    hint);
}

static void look_at_kernel(struct doctor *d)
{
    int landlock = system_landlock();

    if (system_has_seccomp())
        doctor_add(d, "seccomp", DOCTOR_OK, "is there");
    else
        doctor_hint(
            d,
            doctor_add(d, "seccomp", DOCTOR_WARN,
                       "this kernel has no filters of system calls"),
            "a script that breaks out of Lua is stopped by fewer walls");
    if (landlock > 0)
        doctor_add(d, "Landlock", DOCTOR_OK, "version %d", landlock);
    else
        doctor_hint(
            d,
            doctor_add(
                d, "Landlock", DOCTOR_WARN,
                "this kernel has none: files are closed to scripts by other "
                "walls alone"),
            "Linux 5.13 has it, when it is among the kernel's lsm=");
}

void doctor_machine(struct doctor *d)
{
    d->group = "machine";
    look_at_program(d);
    look_at_worker(d);
    look_at_kernel(d);
    if (file_exists(ZONES "/UTC"))
        doctor_add(d, "time zones", DOCTOR_OK, "in " ZONES);
    else
        doctor_hint(d,
                    doctor_add(d, "time zones", DOCTOR_WARN,
                               "there are none in " ZONES
                               ": schedules know UTC only"),
                    "Debian: apt-get install tzdata");
    look_at_library(d, "luacheck", "luacheck/parser.lua", "TIDELOCK_LUACHECK",
                    "'tidelock check' reads scripts with it; Debian: apt-get "
                    "install lua-check");
    look_at_library(d, "busted", "busted/core.lua", NULL,
                    "'tidelock test' runs specs with it; Debian: apt-get "
                    "install lua-busted");
}

/* ---- the configuration ---- */

static const char *credentials(const struct kubeconfig *c)
{
    if (c->exec.command)
        return "a program";
    if (c->token_file || c->token)
        return "a token";
    if (c->cert_file || c->cert_data)
        return "a certificate";
    return c->username ? "a password" : "none";
}

static const char *source_of(const struct doctor *d)
{
    const char *list = getenv("KUBECONFIG");

    if (d->options->cluster.kubeconfig)
        return d->options->cluster.kubeconfig;
    if (!*d->rt.cluster->config.context)
        return "the pod's service account";
    return list && *list ? list : "~/.kube/config";
}

void doctor_configuration(struct doctor *d)
{
    const struct kubeconfig *c = &d->rt.cluster->config;

    doctor_add(d, "configuration", DOCTOR_OK,
               "%s%s%s, namespace %s, credentials: %s", source_of(d),
               *c->context ? ", context " : "", c->context, c->ns,
               credentials(c));
    if (c->insecure)
        doctor_hint(d,
                    doctor_add(d, "TLS", DOCTOR_WARN,
                               "the certificate of %s is not verified",
                               c->server),
                    "put certificate-authority-data into the kubeconfig");
    else if (text_starts(c->server, "http://"))
        doctor_add(d, "TLS", DOCTOR_WARN,
                   "%s is spoken to in clear: fine on loopback only",
                   c->server);
}
