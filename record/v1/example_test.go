package v1_test

import (
	"encoding/json"
	"fmt"

	record "github.com/deployfile/deployfile/record/v1"
)

// A record is written with its version, and read by this and later versions of
// deployfile.
func Example() {
	data, err := record.Encode(record.Record{
		Kind: "docker", Endpoint: "iris-local", Number: 1, By: "ann@laptop",
		Live: record.Slot{Model: "iris", Image: "sha256:" + fmt.Sprintf("%064d", 1), Port: 8080, Target: record.Target{Name: "local", Spec: json.RawMessage(`{}`)}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := record.Decode(data)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Version, r.Endpoint, r.Number, r.Live.Model)
	// Output: 1 iris-local 1 iris
}
