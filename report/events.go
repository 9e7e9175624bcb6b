package report

import "time"

// EventsVersion is the version of the lines of --events. It changes only if a field or
// an event is renamed, removed or given another meaning.
const EventsVersion = 1

// Event is a line of --events. The field that is called as the event has what there is
// to say of it. A program ignores events that it does not know.
type Event struct {
	// Event is what has happened: begin is the first line, end the last, and before it is
	// error if the command fails.
	Event string `json:"event" jsonschema:"enum=begin,enum=step,enum=bytes,enum=log,enum=message,enum=warning,enum=result,enum=error,enum=end"`
	// Time is when the line was written.
	Time time.Time `json:"time"`

	// Begin is the command that begins.
	Begin *Begin `json:"begin,omitempty"`
	// Step is a step of a build that has another state than before.
	Step *Step `json:"step,omitempty"`
	// Bytes is how far a transfer is.
	Bytes *Bytes `json:"bytes,omitempty"`
	// Log is what a step prints.
	Log *Log `json:"log,omitempty"`
	// Message says what the command is doing, or has done, at a target.
	Message string `json:"message,omitempty"`
	// Warning is something that does not end the command.
	Warning *Fault `json:"warning,omitempty"`
	// Result is what the command prints with --json, and only then. A plan of several
	// platforms has several results.
	Result any `json:"result,omitempty"`
	// Error is why the command fails.
	Error *Error `json:"error,omitempty"`
	// End is how the command has ended.
	End *End `json:"end,omitempty"`
}

// Begin is the first line of --events.
type Begin struct {
	// Version is that of the events.
	Version int `json:"version"`
	// Command is the command without its arguments, such as "model push".
	Command string `json:"command"`
	// Program is the version of deployfile.
	Program string `json:"program"`
}

// Step is a step of a build, or a group of them that is shown as one.
type Step struct {
	// ID is that of the step within the command.
	ID string `json:"id"`
	// Name says what it does.
	Name string `json:"name"`
	// State is what has become of it. A group may run again after it was done.
	State string `json:"state" jsonschema:"enum=running,enum=done,enum=cached,enum=failed,enum=cancelled"`
	// Seconds is how long it has taken, once it has ended.
	Seconds float64 `json:"seconds,omitempty"`
	// Error is why it failed.
	Error string `json:"error,omitempty"`
}

// Bytes is how far a transfer is.
type Bytes struct {
	// Step is the id of the step that it is part of, if it is part of a build.
	Step string `json:"step,omitempty"`
	// Name says what is transferred.
	Name string `json:"name"`
	// Done is how much has come, and Total how much there is, 0 if it is not known.
	Done  int64 `json:"done"`
	Total int64 `json:"total"`
}

// Log is what a step prints.
type Log struct {
	// Step is the id of the step.
	Step string `json:"step"`
	// Text is what it has printed, which may be a part of a line.
	Text string `json:"text"`
}

// End is the last line of --events.
type End struct {
	// ExitCode is that of the command.
	ExitCode int `json:"exit-code"`
}
