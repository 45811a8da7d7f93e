/* See pipe.h. */
#include "pipe.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "test.h"

#define TURNS 1000

/* ---- the source ---- */

static struct source_feed *feed_of(struct source *source,
                                   const struct source_want *want,
                                   struct err *err)
{
    struct pipe *p = (struct pipe *)source;
    struct pipe_feed *f = &p->feeds[p->feed_count];
    char text[sizeof f->want];

    snprintf(text, sizeof text, "%s %s %s", want->ns,
             want->labels ? want->labels : "-",
             want->fields ? want->fields : "-");
    for (size_t i = 0; i < p->feed_count; i++)
        if (gvk_equal(&p->feeds[i].gvk, &want->gvk) &&
            strcmp(p->feeds[i].want, text) == 0) {
            p->feeds[i].users++;
            return &p->feeds[i].feed;
        }
    if (!check(p->feed_count < PIPE_FEEDS))
        return NULL;
    f->feed.store = store_new(&want->gvk);
    if (!f->feed.store) {
        err_nomem(err);
        return NULL;
    }
    p->feed_count++;
    f->gvk = *store_gvk(f->feed.store);
    f->users = 1;
    f->feed.resource =
        restmap_find(p->restmap, want->gvk.api_version, want->gvk.kind);
    f->feed.known = true;
    memcpy(f->want, text, sizeof text);
    return &f->feed;
}

static void drop_feed(struct source *source, struct source_feed *feed)
{
    (void)source;
    ((struct pipe_feed *)feed)->users--;
}

static void no_free(struct source *source)
{
    (void)source;
}

static const struct source_ops SOURCE = {
    .name = "test", .feed = feed_of, .drop = drop_feed, .free = no_free};

/* ---- the sink ---- */

static void end_held(struct pipe_held *h, enum err_code code)
{
    struct pipe_held copy = *h;
    struct pipe *p = copy.pipe;
    struct err err = {0};
    struct sink_outcome outcome = {.err = &err};

    if (code != ERR_NONE) {
        err_set(&err, code, "the sink says so");
        err.retry_after_ms = p->retry_after_ms;
    } else {
        outcome.writes = copy.cs->count;
    }
    h->pipe = NULL;
    copy.done(copy.arg, copy.cs, &outcome);
}

static void on_timer(void *arg)
{
    struct pipe_held *h = arg;
    struct pipe *p = h->pipe;

    p->held_count--;
    end_held(h, p->fail);
}

static void write_story(struct pipe *p, const struct changeset *cs)
{
    str_addf(&p->story, "%s:", cs->root->key.name);
    for (size_t i = 0; i < cs->count; i++) {
        const struct change *c = &cs->items[i];
        bool event = c->verb == CHANGE_EVENT; /* its name is made up */

        str_addf(&p->story, "%s %s%s%s", i ? "," : "",
                 change_verb_word(c->verb), event ? "" : " ",
                 event ? "" : c->key.name);
    }
    str_addf(&p->story, "%s\n", cs->count ? "" : " nothing");
}

static int submit(struct sink *sink, struct changeset *cs, sink_done_fn done,
                  void *arg, struct err *err)
{
    struct pipe *p =
        (struct pipe *)((char *)sink - offsetof(struct pipe, sink));
    struct pipe_held *h = p->held;

    while (h < p->held + PIPE_HELD && h->pipe)
        h++;
    if (!check(h < p->held + PIPE_HELD))
        return err_set(err, ERR_LIMIT, "too many changesets");
    *h = (struct pipe_held){p, cs, done, arg, 0};
    if (!p->hold)
        h->timer = loop_after(p->loop, 0, on_timer, h);
    if (!p->hold && !h->timer) {
        h->pipe = NULL;
        return err_nomem(err);
    }
    p->held_count++;
    write_story(p, cs);
    return 0;
}

static void no_sink_free(struct sink *sink)
{
    (void)sink;
}

static const struct sink_ops SINK = {"test", submit, no_sink_free};

void pipe_end(struct pipe *p, enum err_code code)
{
    for (size_t i = 0; i < PIPE_HELD; i++) {
        if (!p->held[i].pipe)
            continue;
        p->held_count--;
        end_held(&p->held[i], code);
        return;
    }
    test_check(false, __FILE__, __LINE__, "a changeset is held");
}

/* ---- the controller ---- */

static void on_pass(void *arg, const struct pass *pass)
{
    struct pipe *p = arg;

    if (pass->err->code == ERR_NONE) {
        str_addf(&p->passes, "%s ok %zu\n", pass->key.name, pass->writes);
    } else {
        str_addf(&p->passes, "%s %s\n", pass->key.name,
                 err_name(pass->err->code));
        p->err = *pass->err;
    }
    p->requeue_ms = pass->requeue_ms;
}

static void on_change(void *arg)
{
    ((struct pipe *)arg)->changed++;
}

/* What is written down later must not be what a planned failure hits. */
static void reserve(struct str *s)
{
    for (unsigned i = 0; i < 1000; i++)
        str_addc(s, ' ');
    str_clear(s);
}

void pipe_init(struct pipe *p)
{
    *p = (struct pipe){.source = {.ops = &SOURCE}, .sink = {.ops = &SINK}};
    p->version = 100;
    reserve(&p->story);
    reserve(&p->passes);
    stage_init(&p->stage);
    p->loop = loop_new(&p->err);
    p->restmap = restmap_new();
    for (int k = STAGE_ROOT; p->restmap && k < STAGE_KINDS; k++)
        if (restmap_add(p->restmap, stage_resource((enum stage_kind)k),
                        &p->err) < 0)
            p->stage.oom = true;
    p->stage.oom |= !p->restmap || !p->loop;
    p->config = (struct controller_config){.loop = p->loop,
                                           .source = &p->source,
                                           .restmap = p->restmap,
                                           .ns = "",
                                           .on_pass = on_pass,
                                           .on_change = on_change,
                                           .arg = p};
}

static struct script *load(struct pipe *p, const char *body)
{
    struct script_file file = {.name = "operator.lua"};
    struct script *script = NULL;

    if (p->stage.oom)
        return NULL;
    file.text =
        arena_printf(&p->stage.arena,
                     "local tidelock = require 'tidelock'\n"
                     "return tidelock.operator { api = 1, name = 'shop',\n"
                     "resource = { 'example.com/v1', 'Widget' },\n%s }\n",
                     body);
    if (!file.text)
        return NULL;
    file.len = strlen(file.text);
    if (script_load(&file, 1, NULL, &script, &p->err) < 0 && !torturing())
        check_ok(-1, &p->err);
    return script;
}

bool pipe_load(struct pipe *p, const char *body)
{
    p->script = load(p, body);
    if (!p->script)
        return false;
    p->config.script.script = p->script;
    p->config.script.params = value_object(&p->stage.arena);
    p->controller = controller_new(&p->config, &p->err);
    return p->controller != NULL;
}

bool pipe_prepare(struct pipe *p, const char *body)
{
    struct controller_script next = {.params = p->config.script.params};

    controller_forget(p->controller);
    script_free(p->next);
    p->next = next.script = load(p, body);
    return p->next && controller_prepare(p->controller, &next, &p->err) == 0;
}

bool pipe_replace(struct pipe *p)
{
    if (controller_replace(p->controller, &p->err) < 0)
        return false;
    script_free(p->script);
    p->script = p->next;
    p->next = NULL;
    return true;
}

bool pipe_start(struct pipe *p, const char *body)
{
    if (!pipe_load(p, body))
        return false;
    controller_start(p->controller, &p->sink);
    return true;
}

void pipe_release(struct pipe *p)
{
    for (size_t i = 0; i < PIPE_HELD; i++)
        if (p->held[i].pipe)
            loop_cancel(p->loop, p->held[i].timer);
    controller_free(p->controller);
    script_free(p->script);
    script_free(p->next);
    for (size_t i = 0; i < p->feed_count; i++)
        store_free(p->feeds[i].feed.store);
    restmap_free(p->restmap);
    if (p->loop)
        loop_free(p->loop);
    stage_release(&p->stage);
    str_release(&p->story);
    str_release(&p->passes);
}

/* ---- objects ---- */

struct pipe_feed *pipe_feed(struct pipe *p, const char *kind)
{
    for (size_t i = 0; i < p->feed_count; i++)
        if (strcmp(p->feeds[i].gvk.kind, kind) == 0)
            return &p->feeds[i];
    test_check(false, __FILE__, __LINE__, kind);
    return NULL;
}

static struct snapshot *make(struct pipe *p, const struct gvk *gvk,
                             const char *name, const char *meta,
                             const char *more)
{
    const char *slash = strchr(name, '/');
    struct snapshot *snap = NULL;
    char text[1024];

    snprintf(text, sizeof text,
             "{'apiVersion':'%s','kind':'%s','metadata':{'name':'%s',"
             "'namespace':'%.*s','uid':'uid-%s','resourceVersion':'%u'%s}%s}",
             gvk->api_version, gvk->kind, slash ? slash + 1 : name,
             slash ? (int)(slash - name) : 7, slash ? name : "default",
             slash ? slash + 1 : name, ++p->version, meta, more);
    for (char *c = text; *c; c++)
        if (*c == '\'')
            *c = '"';
    if (snapshot_parse(text, strlen(text), NULL, &snap, &p->err) < 0 &&
        !torturing())
        check_ok(-1, &p->err);
    return snap;
}

void pipe_put_both(struct pipe *p, const char *kind, const char *name,
                   const char *meta, const char *more)
{
    struct pipe_feed *f = pipe_feed(p, kind);
    struct snapshot *snap = f ? make(p, &f->gvk, name, meta, more) : NULL;

    if (!snap || store_put(f->feed.store, snap) < 0)
        p->stage.oom = true;
    snapshot_unref(snap, "test");
}

void pipe_put(struct pipe *p, const char *kind, const char *name,
              const char *more)
{
    pipe_put_both(p, kind, name, "", more);
}

void pipe_put_meta(struct pipe *p, const char *kind, const char *name,
                   const char *meta)
{
    pipe_put_both(p, kind, name, meta, "");
}

void pipe_remove(struct pipe *p, const char *kind, const char *name)
{
    struct pipe_feed *f = pipe_feed(p, kind);
    struct snapshot *snap = f ? make(p, &f->gvk, name, "", "") : NULL;

    if (snap)
        store_remove(f->feed.store, snap);
    snapshot_unref(snap, "test");
}

void pipe_known(struct pipe *p, const char *kind, enum err_code why)
{
    struct pipe_feed *f = pipe_feed(p, kind);

    if (!f)
        return;
    f->feed.known = why == ERR_NONE;
    err_clear(&f->feed.why);
    if (why != ERR_NONE)
        err_set(&f->feed.why, why, "'%s' is not to be seen", kind);
    controller_feed_changed(p->controller, &f->feed);
}

/* ---- running ---- */

static bool busy(struct pipe *p)
{
    struct controller_state s = controller_state(p->controller);

    return (s.synced && s.ready) || s.running > p->held_count ||
           (s.running && !p->hold);
}

const char *pipe_run(struct pipe *p)
{
    static char copy[1024];

    for (unsigned i = 0; i < TURNS && (i < 3 || busy(p)); i++)
        loop_turn(p->loop, false);
    snprintf(copy, sizeof copy, "%s", str_text(&p->story));
    str_clear(&p->story);
    return copy;
}

const char *pipe_passes(struct pipe *p)
{
    static char copy[1024];

    snprintf(copy, sizeof copy, "%s", str_text(&p->passes));
    str_clear(&p->passes);
    return copy;
}

struct wait {
    const char *name;
    int64_t ms;
};

static void look(void *arg, const struct object_key *key, uint64_t wait_ms)
{
    struct wait *w = arg;

    if (strcmp(key->name, w->name) == 0)
        w->ms = (int64_t)wait_ms;
}

int64_t pipe_wait_ms(struct pipe *p, const char *name)
{
    struct wait w = {name, -1};

    controller_each_delayed(p->controller, look, &w);
    return w.ms;
}
