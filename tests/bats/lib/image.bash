# shellcheck shell=bash
# image: a busybox image for container managers, made on the spot.

TEST_IMAGE=example.test/busybox:1

# make_image ARCHIVE: $TEST_IMAGE as an archive for `ctr images import` and `podman load`
make_image() {
	local work=$BATS_TEST_TMPDIR/image-work
	mkdir "$work"
	tar -C "$SUITE_ROOTFS" --owner=0 --group=0 -cf "$work/layer.tar" .
	jq -nc --arg diff "sha256:$(sha256sum "$work/layer.tar" | cut -d ' ' -f 1)" '{
		architecture: "amd64", os: "linux", config: {Env: ["PATH=/bin"], Cmd: ["sh"], WorkingDir: "/"},
		rootfs: {type: "layers", diff_ids: [$diff]}}' >"$work/config.json"
	jq -nc --arg name "$TEST_IMAGE" \
		'[{Config: "config.json", RepoTags: [$name], Layers: ["layer.tar"]}]' >"$work/manifest.json"
	tar -C "$work" -cf "$1" manifest.json config.json layer.tar
	rm -r "$work"
}
