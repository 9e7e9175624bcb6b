package kubernetes

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clientset "k8s.io/client-go/kubernetes"

	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/wait"
)

// listInterval is the time between two lists of pods.
const listInterval = 2 * time.Second

// Logs implements publish.Logger. Each line has its pod's name in brackets in front.
// With Follow, it includes later pods and containers.
func (p *Publisher) Logs(ctx context.Context, w io.Writer, o publish.LogOptions) error {
	client, err := clientset.NewForConfig(p.config)
	if err != nil {
		return fmt.Errorf("%s: %w", p.where, err)
	}
	f := &follower{connection: p.connection, streams: client, o: o, out: w, began: map[types.UID]bool{}}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer f.running.Wait()
	first := true
	for {
		pods, err := p.pods(ctx, p.instances())
		if err != nil {
			if ctx.Err() != nil {
				return ended(ctx)
			}
			cancel(err)
			return err
		}
		if first && len(pods) == 0 {
			// Autoscaling may have removed all.
			if _, err := p.newest(ctx); err != nil {
				return err
			}
		}
		f.start(ctx, cancel, pods, first)
		if first = false; !o.Follow {
			f.running.Wait()
			return ended(ctx)
		}
		if wait.For(ctx, listInterval) != nil {
			return ended(ctx)
		}
	}
}

// ended returns the cause of ctx's end, or nil if the caller cancelled it.
func ended(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) && !errors.Is(cause, context.DeadlineExceeded) {
		return cause
	}
	return nil
}

// follower copies the logs of pods to one writer.
type follower struct {
	*connection
	streams clientset.Interface
	o       publish.LogOptions
	running sync.WaitGroup
	began   map[types.UID]bool

	lock sync.Mutex
	out  io.Writer
}

func (f *follower) start(ctx context.Context, fail context.CancelCauseFunc, pods []corev1.Pod, first bool) {
	for _, pod := range pods {
		if f.began[pod.UID] {
			continue
		}
		f.began[pod.UID] = true
		o := f.o
		if !first {
			// A pod that appeared meanwhile is read from its start.
			o.Tail, o.Since = 0, 0
		}
		f.running.Go(func() {
			if err := f.pod(ctx, pod, o); err != nil && ctx.Err() == nil {
				fail(err)
			}
		})
	}
}

// pod copies the log of one pod; with Follow, until the pod is gone.
func (f *follower) pod(ctx context.Context, pod corev1.Pod, o publish.LogOptions) error {
	c := &copier{name: pod.Name}
	for {
		err := f.copy(ctx, &pod, o, c)
		if err != nil && !o.Follow {
			return nil // the container has not begun, or is gone with its log
		}
		if !o.Follow || ctx.Err() != nil {
			return nil
		}
		if errors.Is(err, errWrite) {
			return err
		}
		if wait.For(ctx, pollInterval) != nil {
			return nil
		}
		if there, err := f.client.CoreV1().Pods(pod.Namespace).Get(ctx, pod.Name, metav1.GetOptions{}); err == nil && (there.UID != pod.UID || finished(there)) || missing(err) {
			return nil
		}
	}
}

func finished(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

// errWrite is the error of the caller's writer.
var errWrite = errors.New("writing the log")

// copier remembers how far the log of a pod has been copied: a broken stream is resumed
// where it ended.
type copier struct {
	name string
	last time.Time
}

func (f *follower) copy(ctx context.Context, pod *corev1.Pod, o publish.LogOptions, c *copier) error {
	options := &corev1.PodLogOptions{Container: server(pod), Follow: o.Follow, Timestamps: true}
	switch {
	case !c.last.IsZero():
		since := metav1.NewTime(c.last)
		options.SinceTime = &since
	default:
		if o.Tail > 0 {
			lines := int64(o.Tail)
			options.TailLines = &lines
		}
		if o.Since > 0 {
			seconds := max(1, int64(o.Since/time.Second))
			options.SinceSeconds = &seconds
		}
	}
	stream, err := f.streams.CoreV1().Pods(pod.Namespace).GetLogs(pod.Name, options).Stream(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = stream.Close() }()
	lines := bufio.NewReader(stream)
	for {
		line, err := readLine(lines)
		if line != "" {
			if err := f.line(c, strings.TrimSuffix(line, "\n")); err != nil {
				return fmt.Errorf("%w: %w", errWrite, err)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// longestLine limits what is shown of a line, in bytes: a server may print without end.
const longestLine = 1 << 20

// readLine reads a line, and keeps only its beginning.
func readLine(r *bufio.Reader) (string, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part[:min(len(part), longestLine-len(line))]...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return string(line), err
		}
	}
}

// line writes a line that was not written already.
func (f *follower) line(c *copier, line string) error {
	stamp, text, _ := strings.Cut(line, " ")
	at, err := time.Parse(time.RFC3339Nano, stamp)
	switch {
	case err != nil:
		text = line
	case !at.After(c.last):
		return nil
	default:
		c.last = at
	}
	f.lock.Lock()
	defer f.lock.Unlock()
	_, err = fmt.Fprintf(f.out, "[%s] %s\n", c.name, text)
	return err
}
