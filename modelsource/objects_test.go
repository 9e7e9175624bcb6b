package modelsource

import "testing"

// TestAzureNames reads the ways to write a directory of Azure's, and takes no other hosts
// than Microsoft's, to which a login goes.
func TestAzureNames(t *testing.T) {
	for source, want := range map[string]ObjectsName{
		"wasbs://team@models.blob.core.windows.net/a b/iris": {"wasbs", "models", "core.windows.net", "team", "a b/iris/"},
		"abfss://team@models.dfs.core.chinacloudapi.cn/iris": {"abfss", "models", "core.chinacloudapi.cn", "team", "iris/"},
		"https://models.blob.core.windows.net/team/iris/":    {"wasbs", "models", "core.windows.net", "team", "iris/"},
		"https://models.blob.core.windows.net/team/":         {"wasbs", "models", "core.windows.net", "team", ""},
	} {
		s, err := Find(source)
		if err != nil || s != (Objects{}) {
			t.Errorf("%s: %T, %v", source, s, err)
			continue
		}
		got, err := ParseObjects(source)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", source, got, err)
		}
		if again, err := ParseObjects(got.String()); err != nil || again != got {
			t.Errorf("%s: %s, %+v, %v", source, got, again, err)
		}
	}
	for _, source := range []string{
		"wasbs://team@models.blob.core.windows.net.evil.example/iris", "wasbs://team@evil.example/iris", "wasbs://team/iris",
		"wasbs://@models.blob.core.windows.net/iris", "abfss://te/am@models.dfs.core.windows.net/iris",
		"wasbs://team@models.blob.core.windows.net/a/../iris", "https://models.blob.core.windows.net/team/../iris/",
	} {
		if _, err := ParseObjects(source); err == nil {
			t.Errorf("%s is taken", source)
		}
	}
	for _, source := range []string{"https://models.blob.core.windows.net.evil.example/team/iris/", "https://models.blob.core.windows.net/team/iris.tar?sig=x"} {
		if s, err := Find(source); err != nil || s != (Archive{}) {
			t.Errorf("%s: %T, %v", source, s, err)
		}
	}
}
