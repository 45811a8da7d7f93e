/*
 * libraries.c -- the libraries of the kube layer.
 */
#include "base/libraries.h"

#include <yaml.h>

static const char *yaml_text(void)
{
    return yaml_get_version_string();
}

const struct library kube_libraries[] = {
    {"libyaml", yaml_text},
    {0},
};
