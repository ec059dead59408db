#!/bin/bash
# boot.sh DIRECTORY PROJECT: runs scenario.sh as a service under a systemd of its own, on the files of this machine, which stay as they are.
# What it says is in DIRECTORY/log. Needs new mount, PID, network, UTS, IPC and cgroup namespaces.
set -e
directory=$1 project=$2 here=$(dirname "$(realpath "$0")")

mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root
root=/mnt/root
for name in run tmp dev; do mount -t tmpfs tmpfs $root/$name; done
mount -t proc proc $root/proc
# What is not of a namespace is the machine's.
mount --bind $root/proc/sys $root/proc/sys
mount -o remount,bind,ro $root/proc/sys
mount --bind /proc/sys/net $root/proc/sys/net
mount -t sysfs -o ro sysfs $root/sys
mount -t tmpfs tmpfs $root/sys/fs/cgroup
mkdir $root/sys/fs/cgroup/systemd
mount -t cgroup -o none,name=systemd cgroup $root/sys/fs/cgroup/systemd
cp -a /dev/{null,zero,full,random,urandom,tty} $root/dev/
ln -s /proc/self/fd $root/dev/fd
for shared in "$directory" "$project"; do
  mkdir -p "$root$shared"
  mount --bind "$shared" "$root$shared"
done
ip link set lo up

# Of all that a machine starts, nothing.
for target in sysinit basic; do printf '[Unit]\n' >$root/etc/systemd/system/$target.target; done
mkdir $root/etc/systemd/system/bulkhead.service.d
printf '[Service]\nStandardError=append:%s/daemon\n' "$directory" >$root/etc/systemd/system/bulkhead.service.d/log.conf
cat >$root/etc/systemd/system/scenario.service <<UNIT
[Service]
Type=oneshot
WorkingDirectory=$project
ExecStart=/bin/bash $here/scenario.sh
StandardOutput=append:$directory/log
StandardError=append:$directory/errors
ExecStopPost=/bin/systemctl --force --force poweroff
UNIT
mkdir $root/before
cd $root
pivot_root . before
umount -l /before
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --unit=scenario.service --log-target=null --show-status=no
