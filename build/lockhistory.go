package build

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/resolver"
	"github.com/opencontainers/go-digest"
)

// maxCommits is how many commits of a lock are searched for an earlier one.
const maxCommits = 100

// LockOf returns the lock of the project that has a digest, sha256:…: the one beside the
// Deployfile, one that its git repository had, or one of KeepLock; nil if none is it.
func (p *Project) LockOf(ctx context.Context, dgst string) (*LockFiles, error) {
	path := p.Path + LockSuffix
	now, err := ReadLock(ctx, path)
	if err != nil || digest.FromBytes(now.Files[now.Name()]).String() == dgst {
		return now, err
	}
	dir, name := filepath.Dir(path), filepath.Base(path)
	commits := git(dir, "log", fmt.Sprintf("--max-count=%d", maxCommits), "--format=%H", "--", name)
	for commit := range strings.Lines(commits) {
		commit = strings.TrimSpace(commit)
		data, ok := committed(ctx, dir, commit, name)
		if !ok || digest.FromBytes(data).String() != dgst {
			continue
		}
		lock, err := resolver.ParseLock(data)
		if err != nil {
			return nil, nil // of another version of deployfile
		}
		was := &LockFiles{Path: path, Files: map[string][]byte{name: data}}
		for _, pylock := range lock.PylockNames() {
			if data, ok := committed(ctx, dir, commit, pylock); ok {
				was.Files[pylock] = data
			}
		}
		return was, nil
	}
	return keptLock(path, dgst), nil
}

// committed reads a file beside the lock as a commit has it.
func committed(ctx context.Context, dir, commit, name string) (data []byte, ok bool) {
	cmd := exec.CommandContext(ctx, "git", "-C", dir, "cat-file", "blob", commit+":./"+name)
	out, err := cmd.StdoutPipe()
	if err != nil || cmd.Start() != nil {
		return nil, false
	}
	data, err = untrusted.ReadAll(out, name, resolver.MaxLock)
	if err != nil {
		_ = cmd.Process.Kill()
	}
	return data, cmd.Wait() == nil && err == nil
}
