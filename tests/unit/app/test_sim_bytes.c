/*
 * test_sim_bytes.c -- damaged bytes on a socket: whatever is said to the HTTP
 *                     face, the next caller is answered.
 *
 * The bytes are the files of the corpus `http`, and those of `sim_http` as
 * requests with headers and lengths, whole and damaged. They come in pieces,
 * and a caller may leave at any moment: in the middle of a request, of an
 * answer, of a watch.
 */
#include <dirent.h>

#include "corpus_damage.h"
#include "face.h"
#include "support/line.h"

#define ROUNDS_PER_FACE 500
#define PIECES 4
#define MARK "\n%%%\n"

static struct corpus corpus;
static struct caller witness, stranger;

/* ---- requests as they are sent ---- */

/* Lines of a request in a file of `sim_http`: CRLF, and what is left out. */
static void add_request(struct str *out, const char *text, size_t len)
{
    const char *end = memmem(text, len, "\n\n", 2);
    const size_t head = end ? (size_t)(end - text) : len;
    const size_t body = end ? len - head - 2 : 0;
    const char *line = memchr(text, '\n', head);
    const size_t first = line ? (size_t)(line - text) : head;

    str_addn(out, text, first);
    str_add(out, " HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer one");
    for (size_t i = first; i < head; i++) {
        if (text[i] == '\n')
            str_addc(out, '\r');
        str_addc(out, text[i]);
    }
    str_addf(out, "\r\nContent-Length: %zu\r\n\r\n", body);
    str_addn(out, text + len - body, body);
}

static void to_bytes(struct str *file)
{
    const char *at = str_text(file), *end = at + file->len;
    struct str out = {0};

    while (at) {
        const char *mark =
            memmem(at, (size_t)(end - at), MARK, sizeof(MARK) - 1);

        add_request(&out, at, (size_t)((mark ? mark : end) - at));
        at = mark ? mark + sizeof(MARK) - 1 : NULL;
    }
    str_release(file);
    *file = out;
}

static bool read_both(void)
{
    if (!corpus_is_here() || !corpus_read(&corpus, CORPUS "/sim_http"))
        return false;
    for (size_t i = 0; i < corpus.count; i++)
        to_bytes(&corpus.files[i]);
    return corpus_read(&corpus, CORPUS "/http");
}

static void forget_both(void)
{
    corpus_release(&corpus);
    memset(&corpus, 0, sizeof(corpus));
}

/* ---- a stranger and a witness ---- */

static unsigned fds_open(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned n = 0;

    while (dir && readdir(dir))
        n++;
    if (dir)
        closedir(dir);
    return n;
}

static void listen_a_while(struct caller *c, uint64_t turns)
{
    for (uint64_t i = 0; i < turns; i++) {
        long n = line_receive(c->fd, c->heard + c->len,
                              sizeof(c->heard) - 1 - c->len);

        loop_turn(c->face->loop, false);
        if (n == 0)
            return; /* the end, or there is no room for more */
        c->len += n > 0 ? (size_t)n : 0;
        c->heard[c->len] = '\0';
    }
}

/* Says it in pieces, listens or not, leaves. */
static void intrude(struct face *f, struct rng *rng, const struct str *bytes)
{
    const char *at = str_text(bytes);
    size_t left = bytes->len;

    stranger.len = 0;
    stranger.heard[0] = '\0';
    stranger.face = f;
    stranger.fd = line_open(sim_http_port(f->http));
    if (!check(stranger.fd >= 0))
        return;
    for (int i = 1; i <= PIECES && left > 0; i++) {
        size_t n = i == PIECES ? left : rng_below(rng, left + 1);

        if (n > 0 && !line_send(stranger.fd, at, n))
            break; /* the server has hung up, or reads no more */
        at += n;
        left -= n;
        for (uint64_t turns = rng_below(rng, 3); turns > 0; turns--)
            loop_turn(f->loop, false);
    }
    listen_a_while(&stranger, rng_below(rng, 4));
    caller_close(&stranger);
}

static bool witness_is_answered(void)
{
    caller_forget(&witness);
    caller_ask(&witness, "GET /version", "one", "", "");
    return check(caller_hears(&witness, "HTTP/1.1 200 ")) &&
           check(caller_hears(&witness, "\"gitVersion\""));
}

struct tally {
    unsigned done, refused, silent;
};

/* False: something does not hold, and the bytes were shown. */
static bool one_round(struct face *f, struct rng *rng, const struct str *bytes,
                      struct tally *t)
{
    bool ok;

    intrude(f, rng, bytes);
    t->done += strstr(stranger.heard, "HTTP/1.1 2") != NULL;
    t->refused += strstr(stranger.heard, "HTTP/1.1 4") != NULL;
    t->silent += stranger.len == 0;
    ok = check(stranger.len == 0 || strncmp(stranger.heard, "HTTP/1.", 7) == 0);
    ok = check_int(f->broken, 0) && ok;
    ok = witness_is_answered() && ok;
    if (!ok)
        fprintf(stderr, "---\n%s\n---\n", str_text(bytes));
    return ok;
}

/* A server for some rounds: what was made in it does not pile up. */
static bool some_rounds(struct rng *rng, unsigned rounds, struct tally *t)
{
    struct face f;
    bool ok = true;

    if (!face_open(&f, false))
        return false;
    caller_open(&witness, &f);
    for (unsigned i = 0; i < rounds && ok; i++) {
        struct str bytes = corpus_damaged(&corpus, rng);

        ok = one_round(&f, rng, &bytes, t);
        str_release(&bytes);
    }
    caller_close(&witness);
    face_close(&f);
    return ok;
}

TEST(sim_http_answers_the_next_one_after_damaged_bytes)
{
    const unsigned all = (unsigned)test_rounds(400, 100000);
    struct tally t = {0};
    struct rng rng;
    unsigned fds;
    bool ok = true;

    if (!read_both())
        return;
    rng_init(&rng, test_seed());
    some_rounds(&rng, 0, &t); /* the loop library keeps a pipe for ever */
    fds = fds_open();
    for (unsigned i = 0; i < all && ok; i += ROUNDS_PER_FACE)
        ok = some_rounds(
            &rng, all - i < ROUNDS_PER_FACE ? all - i : ROUNDS_PER_FACE, &t);
    check(t.done > all / 8); /* the damage is not so bad */
    check(t.refused > all / 8);
    check(t.silent < all / 2);
    check_int(fds_open(), fds);
    forget_both();
}

TEST(sim_http_answers_the_next_one_after_each_file)
{
    struct tally t = {0};
    struct face f;
    struct rng rng;

    if (!read_both() || !face_open(&f, false))
        return;
    rng_init(&rng, test_seed());
    caller_open(&witness, &f);
    for (size_t i = 0; i < corpus.count; i++)
        one_round(&f, &rng, &corpus.files[i], &t);
    caller_close(&witness);
    face_close(&f);
    forget_both();
}
