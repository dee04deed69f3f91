#!/usr/bin/env bash
# require.sh THING…: make sure that each THING is here. Debian packages are installed when this runs as root with apt;
# otherwise, and for what Debian's packages are too old for, the missing things are named and the exit code is 1.
# Things: git go node cc postgres chromium fonts monitors
. "$(dirname "$0")/lib.sh"

go_want=$(sed -n 's/^go \([0-9]*\.[0-9]*\).*/\1/p' go.mod)
node_want=20

at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

present() {
	case $1 in
	git) have git ;;
	go) have go && at_least "$(go env GOVERSION | sed 's/^go//')" "$go_want" ;;
	node) have node && have npm && at_least "$(node -p process.versions.node)" "$node_want" ;;
	cc) have gcc || have clang ;;
	postgres) [ -n "${STEWARD_TEST_POSTGRES:-}" ] || [ -n "$(pg_bin)" ] ;;
	chromium) find_chromium >/dev/null ;;
	monitors) have prometheus && have prometheus-alertmanager ;;
	fonts) [ "$(uname)" = Darwin ] || { have fc-list && [ -n "$(fc-list :lang=zh-cn family)" ]; } ;;
	*) die "unknown thing: $1" ;;
	esac
}

packages() {
	case $1 in
	git) echo git ;;
	cc) echo gcc libc6-dev ;;
	postgres) echo postgresql ;;
	chromium) [ -n "${STEWARD_CHROMIUM:-}" ] || echo chromium ;;
	fonts) echo fontconfig fonts-noto-cjk ;;
	monitors) echo prometheus prometheus-alertmanager ;;
	esac
}

name() {
	case $1 in
	go) echo "Go $go_want or newer on PATH (https://go.dev/dl)" ;;
	node) echo "Node.js $node_want or newer with npm on PATH (https://nodejs.org)" ;;
	cc) echo "a C compiler, for the race detector (Debian: gcc libc6-dev)" ;;
	postgres) echo "a PostgreSQL 15+ server (Debian: postgresql), or STEWARD_TEST_POSTGRES with the URL of an empty database whose user may create databases" ;;
	chromium) echo "Chromium (Debian: chromium), or STEWARD_CHROMIUM with the path of one" ;;
	monitors) echo "Prometheus and its Alertmanager (Debian: prometheus prometheus-alertmanager), which drive the alert intake in a test" ;;
	fonts) echo "a font with Chinese characters (Debian: fonts-noto-cjk)" ;;
	*) echo "$1" ;;
	esac
}

missing= install=
for thing; do
	present "$thing" && continue
	missing="$missing $thing"
	install="$install $(packages "$thing")"
done
[ -n "$missing" ] || exit 0
install=$(echo $install)

if [ -n "$install" ] && [ "$(id -u)" = 0 ] && have apt-get; then
	say "installing $install"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	case " $install " in
	*" prometheus "*)
		# The tests start their own; the packages need not leave servers running.
		printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d
		trap 'rm -f /usr/sbin/policy-rc.d' EXIT
		;;
	esac
	case " $install " in
	*" postgresql "*)
		# The tests start a cluster of their own; the package need not leave a server running.
		apt-get install -y -qq --no-install-recommends postgresql-common >/dev/null
		sed -i -E 's/^#? *create_main_cluster *=.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
		;;
	esac
	apt-get install -y -qq --no-install-recommends $install >/dev/null
	hash -r
fi

lacking=0
for thing in $missing; do
	present "$thing" && continue
	[ $lacking = 1 ] || printf 'Missing, and not to be installed from here:\n' >&2
	lacking=1
	printf '  - %s\n' "$(name "$thing")" >&2
done
exit $lacking
