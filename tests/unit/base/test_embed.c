/* What the build packed is unpacked once. */
#include "base/embed.h"

#include "test.h"

/* "seven\n" as one stored block. */
static const unsigned char packed[] = {
    0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x06, 0x31, 0x00, 0x00,
    's',  'e',  'v',  'e',  'n',  '\n',
};

TEST(an_embedded_text_is_unpacked_once)
{
    static char text[7];
    const struct embed_file file = {"seven", packed, sizeof packed, text, 6};

    check_str(embed_text(&file), "seven\n");
    text[0] = 'S';
    check_str(embed_text(&file), "Seven\n");
}
