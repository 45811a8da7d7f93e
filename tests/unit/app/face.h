/*
 * face.h -- the embedded cluster behind its HTTP face, and callers of it, all
 *           on one thread.
 */
#ifndef TIDELOCK_TESTS_UNIT_APP_FACE_H
#define TIDELOCK_TESTS_UNIT_APP_FACE_H

#include "app/sim_http.h"

struct face {
    struct loop *loop;
    struct sim *sim;
    struct sim_data *data;
    struct sim_http *http;
    unsigned broken;
    struct err why;
};
/* The users are ann, by the token "one", and bob, by "two". */
bool face_open(struct face *f, bool with_data);
void face_close(struct face *f);

struct caller {
    struct face *face;
    int fd;
    char heard[1 << 16];
    size_t len;
};
void caller_open(struct caller *c, struct face *f);
void caller_close(struct caller *c);
/* A request of the user with this token; `more` are headers. */
void caller_ask(struct caller *c, const char *line, const char *token,
                const char *more, const char *body);
/* False: the end came, or nothing for long. */
bool caller_hears(struct caller *c, const char *text);
void caller_forget(struct caller *c);

#endif
