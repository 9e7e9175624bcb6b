package mlmodel

import (
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"
)

// inUTF16 is a text as Windows writes it.
func inUTF16(order binary.AppendByteOrder, text string) string {
	out := order.AppendUint16(nil, 0xfeff)
	for _, unit := range utf16.Encode([]rune(strings.ReplaceAll(text, "\n", "\r\n"))) {
		out = order.AppendUint16(out, unit)
	}
	return string(out)
}

func TestReadOtherEncodings(t *testing.T) {
	requirements, conda := "numpy==1.26.4\n# größer 😀\npandas\n", "dependencies:\n- python=3.11.7\n- humanize # groß\n"
	for name, encode := range map[string]func(string) string{
		"UTF-8":               func(s string) string { return s },
		"UTF-8 with a mark":   func(s string) string { return "\xef\xbb\xbf" + s },
		"UTF-16":              func(s string) string { return inUTF16(binary.LittleEndian, s) },
		"big-endian UTF-16":   func(s string) string { return inUTF16(binary.BigEndian, s) },
		"a comment in CP1252": func(s string) string { return strings.NewReplacer("ö", "\xf6", "ß", "\xdf").Replace(s) },
	} {
		m, _, err := Read(files("MLmodel", condaModel, "requirements.txt", encode(requirements), "conda.yaml", encode(conda)), ".")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, want := len(m.LeftOut) == 1, strings.Contains(name, "UTF-16") || strings.Contains(name, "CP1252"); got != want {
			t.Errorf("%s: %q is left out of the image", name, m.LeftOut)
		}
		var got []string
		for _, r := range m.Requirements {
			got = append(got, r.Text)
		}
		if strings.Join(got, " ") != "numpy==1.26.4 pandas humanize" || m.Requirements[1].Line != 3 {
			t.Errorf("%s: %+v", name, m.Requirements)
		}
	}
}

// MLflow opens MLmodel itself, and only as UTF-8.
func TestReadWideMLmodel(t *testing.T) {
	_, _, err := Read(files("MLmodel", inUTF16(binary.LittleEndian, condaModel)), ".")
	checkFault(t, err, "MLmodel:1", "which MLflow does not read", "")
	if _, _, err := Read(files("MLmodel", "\xef\xbb\xbf"+condaModel, "requirements.txt", "a"), "."); err != nil {
		t.Error(err)
	}
}

func TestReadCodePageOfModel(t *testing.T) {
	_, _, err := Read(files("MLmodel", condaModel, "conda.yaml", "dependencies:\n- \xf6\n"), ".")
	checkFault(t, err, "conda.yaml:2", "Windows-1252", ".dockerignore")
}

// A credential is found in a file of any encoding.
func TestCredentialInUTF16(t *testing.T) {
	_, _, err := Read(files("MLmodel", condaModel, "requirements.txt", "a", "conda.yaml",
		inUTF16(binary.LittleEndian, "channels:\n- https://u:hunter2@example.com/c\n")), ".")
	checkFault(t, err, "conda.yaml:2", "credential", "")
}
