package containerd

import (
	"strings"
	"testing"

	"github.com/moby/sys/user"
)

func TestCheckIDs(t *testing.T) {
	if err := checkIDs(&user.ExecUser{Uid: 1000, Gid: 1001, Sgids: []int{1001, 2147483647}}); err != nil {
		t.Error(err)
	}
	for _, passwd := range []string{"app:x:4294967296:1::/:", "app:x:-1:1::/:", "app:x:1:4294967296::/:"} {
		u, err := user.GetExecUser("app", nil, strings.NewReader(passwd+"\n"), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := checkIDs(u); err == nil {
			t.Errorf("%s is %+v", passwd, u)
		}
	}
}
