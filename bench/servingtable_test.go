package main

import (
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/bench/internal/serving"
)

func TestServing(t *testing.T) {
	var took []time.Duration
	for n := range 100 {
		took = append(took, time.Duration(n+1)*time.Millisecond)
	}
	of := func(way string, during time.Duration, memory int64, answer string) served {
		return served{way, serving.Result{Answers: []string{answer}, Rates: []serving.Rate{serving.NewRate(serving.Small, 8, during, took)}, Memory: memory}}
	}
	ours, theirs := deployfileWay{}.name(), mlflowWay{}.name()
	r := &report{Served: []served{of(ours, time.Second, 1e6, "a"), of(ours, 4*time.Second, 5e6, "a"), of(ours, 2*time.Second, 3e6, "a"), of(theirs, 4*time.Second, 9e6, "a")}}
	var b strings.Builder
	r.writeServing(&b)
	for _, want := range []string{
		"| Deployfile | small | 8 | 50 | 51.0 | 100.0 | 2.00 | 1.00 |",
		"| mlflow generate-dockerfile | small | 8 | 25 | 51.0 | 100.0 | | |",
		"Deployfile 3.0 MB, mlflow generate-dockerfile 9.0 MB.",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in %s", want, b.String())
		}
	}
	if err := r.checkServed(); err != nil {
		t.Error(err)
	}
	r.Served[1].Answers = []string{"b"}
	if err := r.checkServed(); err == nil {
		t.Error("other answers are no error")
	}
}

func TestManyRows(t *testing.T) {
	got, err := manyRows([]byte(`{"dataframe_split": {"columns": ["a"], "data": [[1.0], [2]]}}`), 5)
	if want := `{"dataframe_split":{"columns":["a"],"data":[[1.0],[2],[1.0],[2],[1.0]]}}`; err != nil || string(got) != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
}
