/*
 * job_mode.c -- the annotation tidelock.dev/mode of a root: apply, plan, pause
 *               (note 01).
 *
 * `pause` does not even ask the script; `plan` asks it, says in the log what it
 * would do, and writes nothing, no status and no Event either. Another word is
 * an error rather than a guess: nothing is applied by mistake.
 */
#include "job_mode.h"

#include <string.h>

#include "base/log.h"

int job_mode(struct job *job, enum job_mode *ret, struct err *err)
{
    static const char *const words[] = {"apply", "plan", "pause"};
    struct value *root;
    const char *word;
    int rc = snapshot_value(job->view.root, &job->arena, &root, err);

    if (rc < 0)
        return rc;
    word = value_text(
        value_get(value_path(root, "metadata.annotations"), ANNOTATION_MODE));
    *ret = JOB_APPLY;
    if (!word)
        return 0;
    for (unsigned i = 0; i < 3; i++)
        if (strcmp(word, words[i]) == 0) {
            *ret = (enum job_mode)i;
            return 0;
        }
    err_set(err, ERR_PLAN, "annotation " ANNOTATION_MODE " is '%.40s'", word);
    return err_hint(err, "it is apply (as without it), plan or pause");
}

/* "2 to create, 1 to delete", by the words of the changes. */
static void count_changes(const struct changeset *cs, struct str *out)
{
    for (int verb = 0; verb <= CHANGE_EVENT; verb++) {
        size_t n = 0;

        for (size_t i = 0; i < cs->count; i++)
            n += cs->items[i].verb == (enum change_verb)verb;
        if (n)
            str_addf(out, "%s%zu %s", out->len ? ", " : "", n,
                     change_verb_word((enum change_verb)verb));
    }
}

void job_show(struct job *job)
{
    struct root_memory *m = mapping_memory(job->controller, &job->key, true);
    struct str name = {0}, changes = {0};

    count_changes(&job->cs, &changes);
    object_key_print(&job->key, &name);
    if (job->cs.count && m && strcmp(m->shown, job->cs.hash) != 0)
        log_info("planned, not applied", "operator",
                 job->controller->now.decl->name, "object", str_text(&name),
                 "changes", str_text(&changes), "plan", job->cs.hash, "row",
                 job->row ? job->row->id : "", NULL);
    if (m)
        memcpy(m->shown, job->cs.hash, sizeof m->shown);
    job->cs.count = 0;
    job->shown = true;
    str_release(&name);
    str_release(&changes);
}
