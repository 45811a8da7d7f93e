/*
 * Differences for people.
 */
#include "core/diff_fixture.h"
#include "test.h"

/* The differences of two objects of a kind as one text. */
static const char *fields_of(struct fixture *f, struct gvk gvk,
                             const char *before, const char *after)
{
    struct change *c = changeset_add(&f->cs, CHANGE_APPLY);
    struct object_pair pair = {gvk, before ? fx_value(f, before) : NULL,
                               after ? fx_value(f, after) : NULL};

    check_ok(diff_fields(NULL, &pair, &f->arena, &c->fields, &c->field_count,
                         &f->err),
             &f->err);
    return fx_fields(f, f->cs.count - 1);
}

static const struct gvk SERVICE = {"v1", "Service"};
static const struct gvk CONFIG = {"v1", "ConfigMap"};

static void setup(struct fixture *f)
{
    fx_init(f);
    changeset_init(&f->cs, &f->arena);
}

TEST(equal_objects_have_no_differences)
{
    struct fixture f;

    setup(&f);
    check_str(fields_of(&f, CONFIG, "{'data':{'a':'b'}}", "{'data':{'a':'b'}}"),
              "");
    check_str(fields_of(&f, CONFIG, NULL, NULL), "");
    fx_release(&f);
}

TEST(items_are_named_by_the_keys_of_the_schema)
{
    struct fixture f;

    setup(&f);
    check_str(fields_of(&f, SERVICE,
                        "{'spec':{'ports':[{'port':80,'protocol':'TCP',"
                        "'targetPort':8080},{'port':81,'protocol':'TCP'}]}}",
                        "{'spec':{'ports':[{'port':81,'protocol':'TCP'},"
                        "{'port':80,'protocol':'TCP','targetPort':80}]}}"),
              ".spec.ports[port=80,protocol=TCP].targetPort 8080 -> 80");
    fx_release(&f);
}

TEST(items_without_schema_are_named_by_name_type_or_index)
{
    struct fixture f;
    struct gvk gvk = {"example.com/v1", "Website"};

    setup(&f);
    check_str(fields_of(&f, gvk, "{'l':[{'name':'a','x':1}]}",
                        "{'l':[{'name':'b'},{'name':'a','x':2}]}"),
              ".l[name=a].x 1 -> 2; .l[name=b] (absent) -> "
              "{\"name\":\"b\"}");
    check_str(fields_of(&f, gvk, "{'l':[{'type':'a','x':1}]}",
                        "{'l':[{'type':'a','x':2}]}"),
              ".l[type=a].x 1 -> 2");
    check_str(fields_of(&f, gvk, "{'l':[{'x':1},2]}", "{'l':[{'x':2}]}"),
              ".l[0].x 1 -> 2; .l[1] 2 -> (absent)");
    check_str(fields_of(&f, gvk,
                        "{'l':[{'name':'a','x':1},"
                        "{'name':'a','x':2}]}",
                        "{'l':[{'name':'a','x':1}]}"),
              ".l[1] {\"name\":\"a\",\"x\":2} -> (absent)");
    fx_release(&f);
}

TEST(what_the_server_writes_another_way_is_equal)
{
    struct fixture f;
    struct gvk gvk = {"v1", "Pod"};

    setup(&f);
    check_str(fields_of(&f, gvk,
                        "{'spec':{'containers':[{'name':'c','resources':"
                        "{'limits':{'cpu':'0.5'}}}]}}",
                        "{'spec':{'containers':[{'name':'c','resources':"
                        "{'limits':{'cpu':'500m'}}}]}}"),
              "");
    fx_release(&f);
}

TEST(book_keeping_of_the_server_is_no_difference)
{
    struct fixture f;

    setup(&f);
    check_str(fields_of(&f, CONFIG,
                        "{'apiVersion':'v1','kind':'ConfigMap','metadata':{"
                        "'name':'a','uid':'x','resourceVersion':'1',"
                        "'generation':1,'creationTimestamp':'y',"
                        "'managedFields':[1]}}",
                        "{'metadata':{'name':'a','resourceVersion':'2',"
                        "'annotations':{'tidelock.dev/applied':'h'}}}"),
              "");
    fx_release(&f);
}

TEST(names_that_are_no_words_are_quoted)
{
    struct fixture f;

    setup(&f);
    check_str(fields_of(&f, CONFIG,
                        "{'metadata':{'labels':{'a.b/c':'1','d':'1'}}}",
                        "{'metadata':{'labels':{'a.b/c':'2','d':'2'}}}"),
              ".metadata.labels[\"a.b/c\"] 1 -> 2; .metadata.labels.d 1 -> 2");
    fx_release(&f);
}

TEST(secret_data_is_taken_apart_and_hidden)
{
    struct fixture f;
    struct gvk gvk = {"v1", "Secret"};
    const struct change *c;

    setup(&f);
    fields_of(&f, gvk, "{'type':'Opaque'}",
              "{'type':'x','data':{'a':'eA==','b':'eQ=='}}");
    c = fx_change(&f, 0);
    check_int(c->field_count, 3);
    check_str(c->fields[0].path, ".data.a");
    check(c->fields[0].sensitive && c->fields[1].sensitive);
    check_str(c->fields[2].path, ".type");
    check(!c->fields[2].sensitive);
    fx_release(&f);
}

TEST(sensitive_values_hide_only_themselves)
{
    struct fixture f;
    struct object_pair pair;
    struct value *after;
    struct change *c;

    setup(&f);
    c = changeset_add(&f.cs, CHANGE_APPLY);
    after = fx_value(&f, "{'data':{'p':'s','q':'t'}}");
    value_path(after, "data.p")->sensitive = true;
    pair = (struct object_pair){CONFIG, NULL, after};
    check_ok(
        diff_fields(NULL, &pair, &f.arena, &c->fields, &c->field_count, &f.err),
        &f.err);
    check_int(c->field_count, 2);
    check(c->fields[0].sensitive);
    check(!c->fields[1].sensitive);
    fx_release(&f);
}

TEST(a_new_and_a_removed_object_show_their_top_fields)
{
    struct fixture f;

    setup(&f);
    check_str(fields_of(&f, CONFIG, NULL,
                        "{'apiVersion':'v1','metadata':{'name':'a',"
                        "'uid':'x'},'data':{'k':'v'}}"),
              ".data (absent) -> {\"k\":\"v\"}; .metadata.name (absent) -> a");
    check_str(fields_of(&f, CONFIG, "{'data':{'k':'v'}}", NULL),
              ".data {\"k\":\"v\"} -> (absent)");
    check_str(fields_of(&f, CONFIG, "{'data':{'k':'v'}}", "{'data':'x'}"),
              ".data {\"k\":\"v\"} -> x");
    fx_release(&f);
}

TEST_ALLOC(fields_survive_out_of_memory)
{
    struct fixture f;
    struct change_field *fields;
    struct value *before, *after;
    struct object_pair pair;
    size_t count = 0;
    int rc;

    fx_init(&f);
    before = fx_value(&f, "{'spec':{'ports':[{'port':80,'name':'x'}]},"
                          "'metadata':{'labels':{'a.b/c':'1'}}}");
    after = fx_value(&f, "{'spec':{'ports':[{'port':80,'name':'y'}]}}");
    pair = (struct object_pair){SERVICE, before, after};
    rc = f.oom ? -ERR_NOMEM
               : diff_fields(NULL, &pair, &f.arena, &fields, &count, &f.err);
    if (rc == 0)
        check_int(count, 2);
    fx_release(&f);
    return rc;
}
