/* See printed.h. */
#include "printed.h"

#include "test.h"

static void keep(void *arg, const char *text, size_t len)
{
    struct printed *p = arg;

    str_addn(&p->text, text, len);
}

void printed_init(struct printed *p, struct report_options options)
{
    *p = (struct printed){0};
    options.operator_name = "shop";
    options.print = keep;
    options.arg = p;
    p->report = report_new(&options);
    if (!p->report)
        err_nomem(&p->err);
}

void printed_release(struct printed *p)
{
    report_free(p->report);
    str_release(&p->text);
}

int printed_pass(struct printed *p, struct stage *s)
{
    struct pass pass;

    if (p->err.code != ERR_NONE || s->oom)
        return err_nomem(&p->err);
    pass = stage_pass(s);
    return report_pass(p->report, &pass, &p->err);
}

const char *printed_finish(struct printed *p)
{
    if (p->err.code == ERR_NONE)
        report_finish(p->report, &p->err);
    if (!torturing())
        check_ok(-(int)p->err.code, &p->err);
    return p->err.code == ERR_NONE ? str_text(&p->text) : "";
}
