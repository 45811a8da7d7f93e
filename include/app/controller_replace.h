/*
 * controller_replace.h -- another version of a controller's script.
 *
 * The controller stays, with its queue and what it remembers of roots; the
 * script, its parameters and what it looks at are replaced as a whole, between
 * two passes: no plan is made by both (D16). First prepared, while the version
 * in charge goes on; then held, until the passes under way have ended; then
 * replaced.
 */
#ifndef TIDELOCK_APP_CONTROLLER_REPLACE_H
#define TIDELOCK_APP_CONTROLLER_REPLACE_H

#include "app/controller.h"

/* Asks for what the script declares; replaces one that was prepared before. Of
 * the same operator and root kind. */
int controller_prepare(struct controller *c,
                       const struct controller_script *script, struct err *err);
/* Why not all is known that it needs, NULL: it can take charge. With none
 * prepared: of the one in charge, also before the start. */
const struct err *controller_lacks(const struct controller *c);
/* Will waiting a moment not help? */
bool controller_is_final(const struct err *why);
/* Begin no pass until one is replaced or forgotten. */
void controller_hold(struct controller *c);
bool controller_is_quiet(const struct controller *c); /* no pass is under way */
/* The prepared one is in charge, and plans all roots; what is borrowed of the
 * former one is not needed any more. Only when quiet, and from a turn of its
 * own. After a failure everything is as before. */
int controller_replace(struct controller *c, struct err *err);
/* The one that was prepared is not needed; none is fine. */
void controller_forget(struct controller *c);

/* Every root says so from its next pass on, which comes at once: a condition
 * with status False, beside those of the script. NULLs: none. Copied. */
void controller_note(struct controller *c, const char *type, const char *reason,
                     const char *message);

#endif
