/*
 * control_box.c -- the containers of a pod.
 *
 * A container is in one of three states, which its status in the pod says:
 *
 *     waiting -> running -> terminated -> waiting (CrashLoopBackOff) -> running
 *
 * Init containers come one after the other, those that are restarted for ever
 * (sidecars) stay beside the rest.
 */
#include <string.h>

#include "base/text.h"
#include "control_life_impl.h"

#define WISH_KEY "sim.tidelock.dev/pod"
#define READY_KEY "sim.tidelock.dev/ready-after"
#define RUN_KEY "sim.tidelock.dev/run-for"
#define BACKOFF_FIRST_MS 10000u
#define BACKOFF_MOST_MS 300000u

/* ---- what the pod wants ---- */

static uint64_t duration(const struct step *s, const char *key,
                         uint64_t otherwise)
{
    const char *text = object_annotation(s->pod, key);
    int64_t ms;

    return text && text_parse_duration(text, &ms) && ms >= 0 ? (uint64_t)ms
                                                             : otherwise;
}

void life_read_wish(struct step *s)
{
    static const char *const words[] = {"",     "crash", "hang",
                                        "fail", "",      "image-missing"};
    const char *text = object_annotation(s->pod, WISH_KEY);
    const char *policy = value_text_at(s->pod, "spec.restartPolicy");
    bool ends;

    s->restarts = !policy || text_equal(policy, "Always");
    s->restarts_failed = s->restarts || text_equal(policy, "OnFailure");
    if (text && text_starts(text, "exit=") &&
        text_to_int64(text + 5, strlen(text + 5), &s->exit_code))
        s->wish = WISH_EXIT;
    for (size_t i = 1; text && i < sizeof words / sizeof *words; i++)
        if (words[i][0] && text_equal(text, words[i]))
            s->wish = (enum wish)i;
    if (s->wish == WISH_CRASH)
        s->exit_code = 1;
    s->ready_ms = duration(s, READY_KEY, s->place->ready_ms);
    ends = !s->restarts || s->wish == WISH_EXIT;
    s->run_ms = s->wish == WISH_CRASH ? 0 : ends ? s->ready_ms : UINT64_MAX;
    if (s->wish == WISH_HANG)
        s->run_ms = UINT64_MAX;
    s->run_ms = duration(s, RUN_KEY, s->run_ms);
}

void life_say(struct step *s, bool warning, const char *reason,
              const char *message)
{
    if (s->out->event_count < LIFE_EVENTS)
        s->out->events[s->out->event_count++] =
            (struct life_event){reason, message, warning};
}

void life_look_again(struct step *s, uint64_t at)
{
    if (at < s->out->due_ms)
        s->out->due_ms = at;
}

/* ---- one container ---- */

static uint64_t *since(struct step *s, const struct box *b)
{
    uint64_t *at =
        &s->run->since_ms[b->index < LIFE_BOXES ? b->index : LIFE_BOXES - 1];

    if (*at == 0)
        *at = s->d->now_ms > 0 ? s->d->now_ms : 1;
    return at;
}

const char *box_name(const struct box *b)
{
    const char *name = value_text_at(b->spec, "name");

    return name ? name : "";
}

static const char *image_of(const struct box *b)
{
    const char *image = value_text_at(b->spec, "image");

    return image ? image : "";
}

struct value *box_state(const struct box *b, const char *state)
{
    return value_get(value_get(b->status, "state"), state);
}

/* The one state that it is in; to be filled. */
static struct value *enter(struct step *s, struct box *b, const char *state)
{
    struct value *one = draft_object(s->d), *inner = draft_object(s->d);

    draft_set(s->d, one, state, inner);
    draft_set(s->d, b->status, "state", one);
    *since(s, b) = s->d->now_ms > 0 ? s->d->now_ms : 1;
    return inner;
}

static void wait_for(struct step *s, struct box *b, const char *reason,
                     const char *message)
{
    struct value *state;

    if (text_equal(value_text_at(box_state(b, "waiting"), "reason"), reason))
        return;
    state = enter(s, b, "waiting");
    draft_text(s->d, state, "reason", reason);
    if (message)
        draft_text(s->d, state, "message", message);
}

static void start(struct step *s, struct box *b)
{
    struct draft *d = s->d;
    int64_t count = value_int_at(b->status, "restartCount", 0);
    const char *id = draft_printf(d, "sim://%s-%s-%lld", object_uid(s->pod),
                                  box_name(b), (long long)count);

    draft_time(d, enter(s, b, "running"), "startedAt", d->unix_now);
    draft_bool(d, b->status, "started", true);
    draft_text(d, b->status, "containerID", id);
    draft_text(d, b->status, "imageID",
               draft_printf(d, "sim://%s", image_of(b)));
    life_say(s, false, "Pulled",
             draft_printf(d,
                          "Container image \"%s\" already present on machine",
                          image_of(b)));
    life_say(s, false, "Created",
             draft_printf(d, "Created container: %s", box_name(b)));
    life_say(s, false, "Started",
             draft_printf(d, "Started container %s", box_name(b)));
}

void box_end(struct step *s, struct box *b, int64_t code)
{
    struct draft *d = s->d;
    const char *started = value_text_at(box_state(b, "running"), "startedAt");
    struct value *state;

    if (started)
        started = draft_printf(d, "%s", started);
    state = enter(s, b, "terminated");
    draft_int(d, state, "exitCode", code);
    draft_text(d, state, "reason", code == 0 ? "Completed" : "Error");
    draft_text(d, state, "startedAt", started);
    if (!started)
        draft_time(d, state, "startedAt", d->unix_now);
    draft_time(d, state, "finishedAt", d->unix_now);
    draft_text(d, state, "containerID",
               value_text_at(b->status, "containerID"));
    draft_bool(d, b->status, "started", false);
    draft_bool(d, b->status, "ready", false);
}

bool box_comes_back(const struct step *s, const struct box *b)
{
    int64_t code = value_int_at(box_state(b, "terminated"), "exitCode", 0);

    if (b->sidecar)
        return true;
    return code == 0 ? s->restarts && !b->init : s->restarts_failed;
}

static uint64_t pause_of(const struct box *b)
{
    int64_t count = value_int_at(b->status, "restartCount", 0);
    uint64_t ms = BACKOFF_FIRST_MS;

    if (count == 0)
        return 0;
    while (--count > 0 && ms < BACKOFF_MOST_MS)
        ms *= 2;
    return ms < BACKOFF_MOST_MS ? ms : BACKOFF_MOST_MS;
}

static void start_again(struct step *s, struct box *b)
{
    draft_int(s->d, b->status, "restartCount",
              value_int_at(b->status, "restartCount", 0) + 1);
    start(s, b);
}

/* Terminated, and to be run again after a pause. */
static void back_off(struct step *s, struct box *b)
{
    struct draft *d = s->d;
    uint64_t at = *since(s, b), pause = pause_of(b);

    draft_set(d, b->status, "lastState",
              draft_copy(d, value_get(b->status, "state")));
    if (pause == 0) {
        start_again(s, b);
        return;
    }
    wait_for(s, b, "CrashLoopBackOff",
             draft_printf(d,
                          "back-off %llus restarting failed container=%s "
                          "pod=%s_%s(%s)",
                          (unsigned long long)pause / 1000, box_name(b),
                          object_name(s->pod), object_ns(s->pod),
                          object_uid(s->pod)));
    life_say(s, true, "BackOff",
             draft_printf(
                 d, "Back-off restarting failed container %s in pod %s_%s(%s)",
                 box_name(b), object_name(s->pod), object_ns(s->pod),
                 object_uid(s->pod)));
    *since(s, b) = at;
    life_look_again(s, at + pause);
}

static void miss_image(struct step *s, struct box *b)
{
    struct draft *d = s->d;
    const char *text = draft_printf(
        d, "Back-off pulling image \"%s\": ErrImagePull: image not found",
        image_of(b));

    if (text_equal(value_text_at(box_state(b, "waiting"), "reason"),
                   "ImagePullBackOff"))
        return;
    life_say(s, false, "Pulling",
             draft_printf(d, "Pulling image \"%s\"", image_of(b)));
    life_say(s, true, "Failed",
             draft_printf(d, "Failed to pull image \"%s\": image not found",
                          image_of(b)));
    life_say(s, true, "Failed", "Error: ErrImagePull");
    life_say(s, false, "BackOff", text);
    wait_for(s, b, "ImagePullBackOff", text);
}

static void run_on(struct step *s, struct box *b)
{
    uint64_t age = s->d->now_ms - *since(s, b);
    uint64_t life = b->init && s->wish != WISH_EXIT && s->wish != WISH_CRASH
                        ? 0
                        : s->run_ms;

    if (b->sidecar)
        life = UINT64_MAX;
    if (age >= life) {
        box_end(s, b, s->exit_code);
        if (box_comes_back(s, b))
            back_off(s, b);
        return;
    }
    if (life < UINT64_MAX)
        life_look_again(s, *since(s, b) + life);
    if (s->wish == WISH_HANG && !b->sidecar)
        return;
    if (age >= s->ready_ms)
        draft_bool(s->d, b->status, "ready", true);
    else
        life_look_again(s, *since(s, b) + s->ready_ms);
}

/* A container whose turn it is. */
static void move(struct step *s, struct box *b)
{
    const struct value *waiting = box_state(b, "waiting");
    uint64_t due;

    if (waiting && s->wish == WISH_IMAGE) {
        miss_image(s, b);
    } else if (waiting && text_equal(value_text_at(waiting, "reason"),
                                     "CrashLoopBackOff")) {
        due = *since(s, b) + pause_of(b);
        if (s->d->now_ms >= due)
            start_again(s, b);
        else
            life_look_again(s, due);
    } else if (waiting) {
        start(s, b);
    } else if (box_state(b, "terminated") && box_comes_back(s, b)) {
        back_off(s, b);
    }
    if (box_state(b, "running"))
        run_on(s, b);
}

/* ---- all containers ---- */

static struct value *status_of(struct step *s, const struct box *b,
                               struct value *all)
{
    struct draft *d = s->d;
    struct value *one, *state;
    bool init = array_count(value_path(s->pod, "spec.initContainers")) > 0;

    for (size_t i = 0; i < array_count(all); i++)
        if (text_equal(value_text_at(array_at(all, i), "name"), box_name(b)))
            return array_at(all, i);
    one = draft_object(d);
    draft_append(d, all, one);
    draft_text(d, one, "name", box_name(b));
    draft_text(d, one, "image", image_of(b));
    draft_text(d, one, "imageID", "");
    draft_int(d, one, "restartCount", 0);
    draft_bool(d, one, "ready", false);
    draft_bool(d, one, "started", false);
    draft_set(d, one, "lastState", draft_object(d));
    state = draft_make(d, draft_make(d, one, "state"), "waiting");
    draft_text(d, state, "reason",
               init ? "PodInitializing" : "ContainerCreating");
    return one;
}

static struct value *statuses(struct step *s, const char *key)
{
    struct value *all = value_get(s->out->status, key);

    if (!value_is(all, VALUE_ARRAY)) {
        all = draft_array(s->d);
        draft_set(s->d, s->out->status, key, all);
    }
    return all;
}

struct box life_box(struct step *s, bool init, size_t i)
{
    const struct value *specs =
        value_path(s->pod, init ? "spec.initContainers" : "spec.containers");
    size_t before =
        init ? 0 : array_count(value_path(s->pod, "spec.initContainers"));
    struct box b = {
        .spec = array_at(specs, i), .index = before + i, .init = init};

    b.sidecar =
        init && text_equal(value_text_at(b.spec, "restartPolicy"), "Always");
    b.status = status_of(
        s, &b,
        statuses(s, init ? "initContainerStatuses" : "containerStatuses"));
    return b;
}

size_t life_count(const struct step *s, bool init)
{
    return array_count(
        value_path(s->pod, init ? "spec.initContainers" : "spec.containers"));
}

/* In order, until one is not done. True: all are. */
bool life_run_init(struct step *s)
{
    struct box b;
    bool done = true, ok;

    for (size_t i = 0; i < life_count(s, true); i++) {
        b = life_box(s, true, i);
        if (!done)
            continue;
        if (!box_state(&b, "terminated") || box_comes_back(s, &b))
            move(s, &b);
        ok = b.sidecar ? box_state(&b, "running") != NULL
                       : box_state(&b, "terminated") &&
                             value_int_at(box_state(&b, "terminated"),
                                          "exitCode", 1) == 0;
        if (ok && !b.sidecar)
            draft_bool(s->d, b.status, "ready", true);
        done = ok;
    }
    return done;
}

void life_run_main(struct step *s, bool started)
{
    struct box b;

    for (size_t i = 0; i < life_count(s, false); i++) {
        b = life_box(s, false, i);
        if (started)
            move(s, &b);
    }
}
