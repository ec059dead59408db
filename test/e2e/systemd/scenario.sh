# What an operator does with the units, a line of the log for each thing that is seen.
configuration='{"cniVersion":"1.1.0","name":"net","type":"bridge","isGateway":true,"ipMasq":true,"ipam":{"type":"host-local","subnet":"10.9.0.0/24"}}'

say() { echo "$1: $2"; }

call() {
  CNI_COMMAND=$1 CNI_CONTAINERID=$2 CNI_NETNS=/run/netns/$2 CNI_IFNAME=eth0 CNI_PATH=/opt/cni/bin \
    /opt/cni/bin/bridge <<<"$configuration" >/dev/null
  say "$1 $2" $?
}

states() { say "$1" "$(systemctl is-active bulkhead.socket bulkhead.service | xargs)"; }

answered() { bin/bulkhead status | sed -n 's/ calls, .*//p'; }

# Until the service says that it is ready.
await() { for _ in $(seq 100); do [ "$(systemctl is-active bulkhead.service)" = active ] && break || sleep 0.1; done; }

bin/bulkhead install
cp examples/systemd/* /etc/systemd/system/
systemctl daemon-reload
mkdir -p /run/netns
ip netns add a
ip netns add b

systemctl start bulkhead.socket
states 'with the socket alone'
call ADD a
await
states 'after a call'
pid=$(systemctl show -p MainPID --value bulkhead.service)
say 'seccomp, privileges' "$(grep -E '^(NoNewPrivs|Seccomp):' /proc/"$pid"/status | awk '{ print $2 }' | xargs)"
say 'capabilities' "$(sed -n 's/^CapEff:\t0*//p' /proc/"$pid"/status)"
call ADD b
say 'answered' "$(answered)"
systemctl restart bulkhead.service
states 'after a restart'
call DEL b
call ADD b
say 'answered' "$(answered)"
kill -9 "$(systemctl show -p MainPID --value bulkhead.service)"
call DEL a
sleep 1
await
states 'after SIGKILL'
call DEL b
systemctl stop bulkhead.service bulkhead.socket
states 'after a stop'
say 'links' "$(ip -o link show type veth | wc -l)"
say 'rules' "$(nft list ruleset | grep -c CNI-)"
say 'records' "$(find /run/bulkhead/attachments -type f | wc -l)"
