#!/usr/bin/env bash
# release.sh: the binaries of one version for every platform, with checksums, in dist/. The same commit gives the same
# bytes again. VERSION overrides what git describe says.
. "$(dirname "$0")/lib.sh"

version=${VERSION:-$(git describe --tags --always --dirty 2>/dev/null || echo dev)}
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
out=dist
rm -rf "$out"
mkdir -p "$out"
for os in linux darwin windows; do
	for arch in amd64 arm64; do
		name=steward_${version}_${os}_${arch}
		exe=steward
		[ $os != windows ] || exe=steward.exe
		say "$name"
		mkdir "$out/$name"
		CGO_ENABLED=0 GOOS=$os GOARCH=$arch go build -trimpath -ldflags "-s -w -X main.version=$version" -o "$out/$name/$exe" ./cmd/steward
		cp LICENSE NOTICE README.md README.zh-CN.md CHANGELOG.md "$out/$name/"
		tar -C "$out" --sort=name --mtime="@$epoch" --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX -cf - "$name" | gzip -9n >"$out/$name.tar.gz"
		rm -rf "${out:?}/$name"
	done
done
(cd "$out" && sha256sum ./*.tar.gz | sed 's# \./# #' >SHA256SUMS)
ls -l "$out"
