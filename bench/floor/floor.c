/*
 * The least that a plugin's calls cost: the messages that the kernel has to be sent, each awaited, from a program that does nothing else.
 * It keeps no lease, writes no file, checks nothing. Called as `loopback` or `bridge`, as the plugins are:
 *
 *     CNI_COMMAND=ADD|DEL|VERSION  CNI_NETNS=PATH  CNI_IFNAME=NAME  CNI_ARGS=IP=10.1.0.2
 *
 * A bridge named cni0 is there, and has the address 10.1.0.1/16.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>

#include "message.h"

static const char bridge[] = "cni0", gateway[] = "10.1.0.1", prefix_length[] = "/16";

static char **environment;

static const char *variable(const char *name) {
  for (char **one = environment; *one != NULL; one++) {
    const char *rest = after(*one, name);
    if (rest != NULL && *rest == '=') return rest + 1;
  }
  return "";
}

static int open_file(const char *path) {
  int fd = call_kernel(openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) fail(path, fd);
  return fd;
}

/* Returns a socket in the container, where this process is from then on. */
static int enter_container(void) {
  long error = call_kernel(setns, open_file(variable("CNI_NETNS")), CLONE_NEWNET, 0, 0);
  if (error < 0) fail(variable("CNI_NETNS"), error);
  return open_socket();
}

static int find_link(int fd, const char *name) {
  begin(RTM_GETLINK, 0, sizeof(struct ifinfomsg));
  attribute_text(IFLA_IFNAME, name);
  return request(fd, name);
}

static void set_up(int fd, int index, int up) {
  struct ifinfomsg *link = begin(RTM_NEWLINK, 0, sizeof *link);
  link->ifi_index = index;
  link->ifi_change = IFF_UP;
  link->ifi_flags = up ? IFF_UP : 0;
  request(fd, "set up or down");
}

static void set_controller(int fd, int index, int controller) {
  struct ifinfomsg *link = begin(RTM_NEWLINK, 0, sizeof *link);
  link->ifi_index = index;
  attribute(IFLA_MASTER, &controller, sizeof controller);
  request(fd, "make a port of the bridge");
}

/* In the container, with the other end in the host from its making. */
static void create_pair(int fd, const char *name, const char *peer, int host) {
  begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg));
  attribute_text(IFLA_IFNAME, name);
  struct rtattr *information = open_attribute(IFLA_LINKINFO);
  attribute_text(IFLA_INFO_KIND, "veth");
  struct rtattr *data = open_attribute(IFLA_INFO_DATA);
  struct rtattr *other = open_attribute(VETH_INFO_PEER);
  append(sizeof(struct ifinfomsg));
  attribute_text(IFLA_IFNAME, peer);
  attribute(IFLA_NET_NS_FD, &host, sizeof host);
  close_attribute(other);
  close_attribute(data);
  close_attribute(information);
  request(fd, "create the pair");
}

static void add_address(int fd, int index, uint32_t address) {
  struct ifaddrmsg *added = begin(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof *added);
  *added = (struct ifaddrmsg){.ifa_family = AF_INET, .ifa_prefixlen = 16, .ifa_index = index};
  uint32_t broadcast = address | address_of("0.0.255.255");
  attribute(IFA_LOCAL, &address, sizeof address);
  attribute(IFA_ADDRESS, &address, sizeof address);
  attribute(IFA_BROADCAST, &broadcast, sizeof broadcast);
  request(fd, "add the address");
}

static void add_default_route(int fd, int index) {
  struct rtmsg *route = begin(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, sizeof *route);
  *route = (struct rtmsg){
      .rtm_family = AF_INET, .rtm_protocol = RTPROT_BOOT, .rtm_type = RTN_UNICAST, .rtm_table = RT_TABLE_MAIN};
  uint32_t via = address_of(gateway);
  attribute(RTA_OIF, &index, sizeof index);
  attribute(RTA_GATEWAY, &via, sizeof via);
  request(fd, "add the route");
}

/* Another one for each process. */
static const char *peer_name(void) {
  static char name[] = "veth00000000";
  unsigned number = call_kernel(getpid, 0, 0, 0, 0);
  for (char *at = name + sizeof name - 2; number > 0; number /= 16) *at-- = "0123456789abcdef"[number % 16];
  return name;
}

static void say_all(const char *const *texts) {
  for (; *texts != NULL; texts++) say(*texts);
}

static void add_to_bridge(void) {
  const char *name = variable("CNI_IFNAME"), *given = after(variable("CNI_ARGS"), "IP="), *peer = peer_name();
  uint32_t address = given == NULL ? 0 : address_of(given);
  if (address == 0) fail("CNI_ARGS", 0);
  int own = open_file("/proc/self/ns/net"), host = open_socket(), container = enter_container();

  int controller = find_link(host, bridge);
  create_pair(container, name, peer, own);
  int index = find_link(container, name), port = find_link(host, peer);
  set_up(host, port, 1);
  set_controller(host, port, controller);
  add_address(container, index, address);
  set_up(container, index, 1);
  add_default_route(container, index);
  find_link(host, peer); /* whether it forwards */

  say_all((const char *[]){"{\"cniVersion\":\"1.0.0\",\"interfaces\":[{\"name\":\"", bridge, "\"},{\"name\":\"", peer,
                           "\"},{\"name\":\"", name, "\",\"sandbox\":\"", variable("CNI_NETNS"),
                           "\"}],\"ips\":[{\"address\":\"", given, prefix_length, "\",\"gateway\":\"", gateway,
                           "\",\"interface\":2}]}\n", NULL});
}

/* By its name: the port goes with it. */
static void remove_from_bridge(void) {
  int container = enter_container();
  begin(RTM_DELLINK, 0, sizeof(struct ifinfomsg));
  attribute_text(IFLA_IFNAME, variable("CNI_IFNAME"));
  request(container, "remove the link");
}

static void set_loopback(int up) {
  set_up(enter_container(), 1, up);
  if (!up) return;
  say_all((const char *[]){"{\"cniVersion\":\"1.0.0\",\"interfaces\":[{\"name\":\"lo\",\"sandbox\":\"",
                           variable("CNI_NETNS"), "\"}],\"ips\":[{\"address\":\"127.0.0.1/8\",\"interface\":0}]}\n", NULL});
}

/* Entered with what the kernel put on the stack: the count of arguments, they, and the environment. */
void start(long *stack) {
  char **arguments = (char **)(stack + 1);
  environment = arguments + stack[0] + 1;
  const char *command = variable("CNI_COMMAND"), *type = stack[0] > 0 ? last_name(arguments[0]) : "";
  int adds = is(command, "ADD");
  if (is(command, "VERSION"))
    say("{\"cniVersion\":\"1.1.0\",\"supportedVersions\":"
        "[\"0.1.0\",\"0.2.0\",\"0.3.0\",\"0.3.1\",\"0.4.0\",\"1.0.0\",\"1.1.0\"]}\n");
  else if (!adds && !is(command, "DEL")) fail("CNI_COMMAND", 0);
  else {
    call_kernel(read, 0, message.bytes, sizeof message, 0);
    if (is(type, "loopback")) set_loopback(adds);
    else if (adds) add_to_bridge();
    else remove_from_bridge();
  }
  write_output(1);
  end(0);
}
