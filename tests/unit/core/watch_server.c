/*
 * watch_server.c -- see watch_server.h.
 */
#include "watch_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "snaps.h"

#define FIRST_VERSION 70u

void server_write(struct watch_server *s, unsigned name, bool remove)
{
    unsigned revision = s->now + 1;
    unsigned uid = s->at[name][s->now].uid;

    if (s->now == SERVER_REVISIONS)
        return;
    for (unsigned i = 0; i < SERVER_NAMES; i++)
        s->at[i][revision] = s->at[i][s->now];
    if (uid == 0)
        uid = ++s->uids;
    else if (remove)
        uid = 0;
    s->at[name][revision] = (struct server_object){uid, revision, s->timeline};
    s->changed[revision] = name;
    s->now = revision;
}

void server_restore(struct watch_server *s, unsigned revision)
{
    s->now = revision;
    s->timeline++;
    if (s->oldest > revision)
        s->oldest = revision;
}

const char *server_version(unsigned revision)
{
    static char buffers[4][16];
    static unsigned next;
    char *text = buffers[next++ % 4];

    snprintf(text, sizeof buffers[0], "%u", revision + FIRST_VERSION);
    return text;
}

unsigned server_revision(const char *version)
{
    return version && version[0]
               ? (unsigned)strtoul(version, NULL, 10) - FIRST_VERSION
               : 0;
}

const char *server_name(unsigned name)
{
    static const char *const names[SERVER_NAMES] = {"a", "x/b", "x/c", "x/d",
                                                    "y/a"};

    return names[name];
}

unsigned server_name_of(const struct snapshot *snap)
{
    unsigned name = 0;

    for (unsigned i = 0; i < SERVER_NAMES; i++) {
        struct object_key key = snap_key(server_name(i));

        if (object_key_equal(&key, &snap->key))
            name = i;
    }
    return name;
}

static struct snapshot *make(unsigned name, const struct server_object *o,
                             unsigned revision)
{
    char uid[16], data[16];

    snprintf(uid, sizeof uid, "u%u", o->uid);
    snprintf(data, sizeof data, "t%u", o->timeline);
    return snap_with_data(server_name(name), uid, server_version(revision),
                          data);
}

struct snapshot *server_state(const struct watch_server *s, unsigned name,
                              unsigned revision)
{
    const struct server_object *o = &s->at[name][revision];

    return o->uid ? make(name, o, o->revision) : NULL;
}

struct snapshot *server_event(const struct watch_server *s, unsigned revision,
                              bool *ret_removed)
{
    unsigned name = s->changed[revision];
    const struct server_object *o = &s->at[name][revision];

    *ret_removed = o->uid == 0;
    if (o->uid == 0)
        o = &s->at[name][revision - 1];
    return make(name, o, revision);
}

bool server_exists(const struct watch_server *s, const char *uid)
{
    char text[16];

    for (unsigned i = 0; i < SERVER_NAMES; i++) {
        snprintf(text, sizeof text, "u%u", s->at[i][s->now].uid);
        if (strcmp(text, uid) == 0)
            return true;
    }
    return false;
}

bool server_shown(const struct watch_server *s, const struct store *store,
                  unsigned name, unsigned revision)
{
    const struct server_object *o = &s->at[name][revision];
    struct object_key key = snap_key(server_name(name));
    const struct snapshot *got = store_get(store, &key);
    char uid[16], data[24];

    if (!got || !o->uid)
        return !got == !o->uid;
    snprintf(uid, sizeof uid, "u%u", o->uid);
    snprintf(data, sizeof data, "\"is\":\"t%u\"", o->timeline);
    return strcmp(got->uid, uid) == 0 &&
           server_revision(got->resource_version) == o->revision &&
           strstr(snapshot_plain(got), data);
}
