/* Netlink messages: one in the making, and the room for what comes back. */
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "text.h"

static union {
  struct nlmsghdr header;
  char bytes[16384];
} message;

static void fail(const char *what, long error) {
  char digits[] = {'0' + -error / 100 % 10, '0' + -error / 10 % 10, '0' + -error % 10, '\n', 0};
  say("floor: ");
  say(what);
  say(": error ");
  say(digits);
  write_output(2);
  end(1);
}

static void *append(size_t size) {
  char *at = message.bytes + NLMSG_ALIGN(message.header.nlmsg_len);
  message.header.nlmsg_len = NLMSG_ALIGN(message.header.nlmsg_len) + size;
  return memset(at, 0, NLMSG_ALIGN(size));
}

static void *begin(int type, int flags, size_t size) {
  message.header = (struct nlmsghdr){sizeof message.header, type, NLM_F_REQUEST | NLM_F_ACK | flags, 1, 0};
  return append(size);
}

static struct rtattr *open_attribute(int type) {
  struct rtattr *attribute = append(sizeof *attribute);
  attribute->rta_type = type;
  return attribute;
}

static void close_attribute(struct rtattr *attribute) {
  attribute->rta_len = message.bytes + message.header.nlmsg_len - (char *)attribute;
}

static void attribute(int type, const void *value, size_t size) {
  struct rtattr *made = open_attribute(type);
  memcpy(append(size), value, size);
  close_attribute(made);
}

static void attribute_text(int type, const char *text) { attribute(type, text, length_of(text) + 1); }

static int open_socket(void) {
  int fd = call_kernel(socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE, 0);
  if (fd < 0) fail("socket", fd);
  return fd;
}

/* Sends the message and awaits its acknowledgement. Returns the index of the link that was told of before it. */
static int request(int fd, const char *what) {
  int index = 0;
  long sent = call_kernel(write, fd, &message, message.header.nlmsg_len, 0);
  if (sent < 0) fail(what, sent);
  for (;;) {
    long length = call_kernel(read, fd, &message, sizeof message, 0);
    if (length < 0) fail(what, length);
    for (struct nlmsghdr *one = &message.header; NLMSG_OK(one, length); one = NLMSG_NEXT(one, length)) {
      if (one->nlmsg_type == RTM_NEWLINK) index = ((struct ifinfomsg *)NLMSG_DATA(one))->ifi_index;
      if (one->nlmsg_type != NLMSG_ERROR) continue;
      int error = ((struct nlmsgerr *)NLMSG_DATA(one))->error;
      if (error != 0) fail(what, error);
      return index;
    }
  }
}
