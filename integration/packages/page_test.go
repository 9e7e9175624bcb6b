//go:build integration

package packages

import (
	"context"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/sizes"
	"github.com/deployfile/deployfile/report"
)

// TestPageInBrowser opens the page of plan --sizes in Chromium: the boxes of the
// treemap have areas as the sizes are, and no name becomes a part of the page.
func TestPageInBrowser(t *testing.T) {
	const evil = `<script>document.title = "obeyed"</script>" onmouseover="document.title = 'obeyed'`
	page := sizes.Page("iris", []report.Sizes{{Platform: "linux/amd64", Parts: []report.Part{
		{Kind: sizes.Base, Name: evil, Installed: 3_000_000}, {Kind: sizes.Model, Name: "model", Installed: 1_000_000},
	}}}, &sizes.Changes{From: evil})
	dir := t.TempDir()
	file, shot := filepath.Join(dir, "sizes.html"), filepath.Join(dir, "sizes.png")
	if err := os.WriteFile(file, page, 0o644); err != nil {
		t.Fatal(err)
	}
	dom := chromium(t, dir, "--dump-dom", "file://"+file)
	if !strings.Contains(dom, "<title>Sizes of iris</title>") || strings.Contains(dom, "<script") {
		t.Errorf("the page in the browser is\n%s", dom)
	}
	chromium(t, dir, "--window-size=1300,1200", "--hide-scrollbars", "--screenshot="+shot, "file://"+file)
	f, err := os.Open(shot)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	seen, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	base, model := 0, 0
	for y := seen.Bounds().Min.Y; y < seen.Bounds().Max.Y; y++ {
		for x := seen.Bounds().Min.X; x < seen.Bounds().Max.X; x++ {
			switch color.RGBAModel.Convert(seen.At(x, y)) {
			case color.RGBA{0xd9, 0xd9, 0xd9, 0xff}:
				base++
			case color.RGBA{0xf2, 0xc6, 0xc6, 0xff}:
				model++
			}
		}
	}
	if ratio := float64(base) / float64(model); model < 100_000 || ratio < 2.8 || ratio > 3.2 {
		t.Errorf("of 3 MB and 1 MB, the boxes have %d and %d pixels", base, model)
	}
}

// chromium runs the browser without a display and returns what it prints.
func chromium(t *testing.T, home string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	// As root, it has no sandbox of its own; the page is this test's.
	c := exec.CommandContext(ctx, "chromium-headless-shell", append([]string{"--no-sandbox", "--disable-gpu", "--user-data-dir=" + home + "/profile"}, args...)...)
	var complaints strings.Builder
	c.Stderr = &complaints
	out, err := c.Output()
	if err != nil {
		t.Fatalf("chromium-headless-shell: %v\n%s", err, complaints.String())
	}
	return string(out)
}
