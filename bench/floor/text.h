/* Text, without a C library. */
#include "system.h"

static size_t length_of(const char *text) {
  size_t length = 0;
  while (text[length] != 0) length++;
  return length;
}

/* What follows the prefix; NULL where the text does not begin so. */
static const char *after(const char *text, const char *prefix) {
  for (; *prefix != 0; prefix++, text++)
    if (*text != *prefix) return NULL;
  return text;
}

static int is(const char *text, const char *other) {
  const char *rest = after(text, other);
  return rest != NULL && *rest == 0;
}

static const char *last_name(const char *path) {
  const char *name = path;
  for (; *path != 0; path++)
    if (*path == '/') name = path + 1;
  return name;
}

/* An IPv4 address in network byte order; 0 where it is none. */
static uint32_t address_of(const char *text) {
  union {
    uint8_t bytes[4];
    uint32_t whole;
  } address = {{0}};
  int part = 0;
  for (; *text != 0 && part < 4; text++) {
    if (*text == '.') part++;
    else address.bytes[part] = address.bytes[part] * 10 + (*text - '0');
  }
  return part == 3 ? address.whole : 0;
}

static struct {
  char text[1024];
  size_t length;
} output;

static void say(const char *text) {
  for (; *text != 0 && output.length < sizeof output.text; text++) output.text[output.length++] = *text;
}

static void write_output(int fd) { call_kernel(write, fd, output.text, output.length, 0); }
