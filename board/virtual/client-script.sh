# Run by the DHCP clients of the lab at each event, with CLIENT, KIND and EVENTS set.
# Puts the address on the interface (dhcpcd does that by itself) and appends a line for the lab.

say() { # event address prefix server seconds
  printf '{"client":"%s","event":"%s","address":"%s","prefix":%s,"server":"%s","seconds":%s,"at":%s}\n' \
    "$CLIENT" "$1" "$2" "${3:-0}" "$4" "${5:-0}" "$(date +%s%3N)" >> "$EVENTS"
}

take() { # address prefix router
  ip -4 addr replace "$1/$2" brd + dev "$interface"
  for old in $(ip -4 -o addr show dev "$interface" | sed 's/.*inet \([^ ]*\).*/\1/'); do
    [ "$old" = "$1/$2" ] || ip -4 addr del "$old" dev "$interface"
  done
  [ -z "$3" ] || ip -4 route replace default via "$3" dev "$interface"
}

lose() {
  ip -4 addr flush dev "$interface"
}

prefix_of() { # dotted mask
  bits=0
  for part in $(echo "$1" | tr . ' '); do
    while [ "$part" -gt 0 ]; do
      bits=$((bits + part % 2))
      part=$((part / 2))
    done
  done
  echo "$bits"
}

# Each client has its own words; the lab's are: bound renew lost nak failed.
case "$KIND:${1:-$reason}" in
  udhcpc:bound) take "$ip" "$mask" "${router%% *}"; say bound "$ip" "$mask" "$serverid" "$lease" ;;
  udhcpc:renew) take "$ip" "$mask" "${router%% *}"; say renew "$ip" "$mask" "$serverid" "$lease" ;;
  udhcpc:deconfig) lose; ip link set "$interface" up; say lost "" ;;
  udhcpc:nak) say nak "" ;;
  udhcpc:leasefail) say failed "" ;;
  dhclient:PREINIT) ip link set "$interface" up ;;
  dhclient:BOUND | dhclient:REBOOT | dhclient:RENEW | dhclient:REBIND)
    prefix=$(prefix_of "$new_subnet_mask")
    take "$new_ip_address" "$prefix" "${new_routers%% *}"
    case "$reason" in RENEW | REBIND) event=renew ;; *) event=bound ;; esac
    say "$event" "$new_ip_address" "$prefix" "$new_dhcp_server_identifier" "$new_dhcp_lease_time"
    ;;
  dhclient:EXPIRE | dhclient:RELEASE | dhclient:STOP) lose; say lost "" ;;
  dhclient:FAIL) lose; say failed "" ;;
  dhcpcd:BOUND | dhcpcd:REBOOT | dhcpcd:RENEW | dhcpcd:REBIND)
    case "$reason" in RENEW | REBIND) event=renew ;; *) event=bound ;; esac
    say "$event" "$new_ip_address" "$new_subnet_cidr" "$new_dhcp_server_identifier" \
      "$new_dhcp_lease_time"
    ;;
  dhcpcd:EXPIRE | dhcpcd:RELEASE | dhcpcd:STOP) say lost "" ;;
  dhcpcd:NAK) say nak "" ;;
  dhcpcd:FAIL | dhcpcd:TIMEOUT) say failed "" ;;
esac
exit 0
