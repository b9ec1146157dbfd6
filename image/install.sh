#!/bin/sh
# Puts Tandem on a Debian box, or takes it off again. `npm run build`, `make -C board/rawlink` and
# `make -C board/gatekeeper` come first. With DESTDIR set only files are copied, below that folder.
#
#   sudo image/install.sh             installs or updates; configuration and leases are kept
#   sudo image/install.sh remove      removes all but configuration, leases and users
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
to=${DESTDIR:-}
units="tandem.service tandem-rawlink.service tandem-gatekeeper.service"

# One line per file: mode, source, place.
files() {
  cat <<END
644 image/systemd/tandem.service /usr/lib/systemd/system/tandem.service
644 image/systemd/tandem-rawlink.service /usr/lib/systemd/system/tandem-rawlink.service
644 image/systemd/tandem-gatekeeper.service /usr/lib/systemd/system/tandem-gatekeeper.service
644 image/systemd/tandem.sysusers /usr/lib/sysusers.d/tandem.conf
644 image/systemd/tandem.tmpfiles /usr/lib/tmpfiles.d/tandem.conf
644 image/systemd/tandem.sysctl /usr/lib/sysctl.d/50-tandem.conf
644 image/dbus/org.tandem.Appliance1.conf /usr/share/dbus-1/system.d/org.tandem.Appliance1.conf
644 image/dbus/org.tandem.Appliance1.xml /usr/share/dbus-1/interfaces/org.tandem.Appliance1.xml
644 image/examples/config.json /usr/share/doc/tandem/examples/config.json
644 image/examples/box.json /usr/share/doc/tandem/examples/box.json
644 image/examples/board.json /usr/share/doc/tandem/examples/board.json
755 image/examples/follow-gateway /usr/share/doc/tandem/examples/follow-gateway
755 image/examples/gateway-led /usr/share/doc/tandem/examples/gateway-led
755 image/examples/gateway-vpn /usr/share/doc/tandem/examples/gateway-vpn
755 image/tandem /usr/bin/tandem
755 board/rawlink/rawlink /usr/lib/tandem/rawlink
755 board/gatekeeper/gatekeeper /usr/lib/tandem/gatekeeper
755 node_modules/.bin/node /usr/lib/tandem/node
644 dist/tandemd.js /usr/lib/tandem/tandemd.js
644 dist/tandem.js /usr/lib/tandem/tandem.js
644 dist/package.json /usr/lib/tandem/package.json
END
}

# Beside the place, then renamed: a running program keeps the file it was started from.
place() {
  mkdir -p "$(dirname "$to$3")"
  cp -L "$root/$2" "$to$3.new"
  chmod "$1" "$to$3.new"
  mv "$to$3.new" "$to$3"
}

refresh() {
  if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
  # dbus-daemon and dbus-broker read their policies again.
  if systemctl is-active --quiet dbus; then systemctl reload dbus; fi
}

need() {
  [ ! -e "$root/$1" ] || return 0
  echo "install.sh: $1 is missing: run \`$2\`" >&2
  exit 1
}

install_all() {
  for file in dist/tandemd.js dist/web/manifest.json; do
    need "$file" "npm run build"
  done
  for helper in rawlink gatekeeper; do
    need "board/$helper/$helper" "make -C board/$helper"
  done
  files | while read -r mode from place; do place "$mode" "$from" "$place"; done
  rm -rf "$to/usr/lib/tandem/web"
  cp -R "$root/dist/web" "$to/usr/lib/tandem/web"
  chmod -R u=rwX,go=rX "$to/usr/lib/tandem/web"
  [ -z "$to" ] || return 0
  systemd-sysusers /usr/lib/sysusers.d/tandem.conf
  systemd-tmpfiles --create /usr/lib/tmpfiles.d/tandem.conf
  sysctl -q -p /usr/lib/sysctl.d/50-tandem.conf
  refresh
}

remove_all() {
  # shellcheck disable=SC2086  # a list
  [ -n "$to" ] || systemctl disable --now $units || true
  files | while read -r mode from place; do rm -f "$to$place"; done
  rm -rf "$to/usr/lib/tandem" "$to/usr/share/doc/tandem"
  [ -n "$to" ] && return 0
  rm -rf /run/tandem /run/tandem-gate
  refresh
}

case ${1:-install} in
  install) install_all ;;
  remove) remove_all ;;
  *) echo "usage: image/install.sh [install|remove]" >&2; exit 2 ;;
esac
