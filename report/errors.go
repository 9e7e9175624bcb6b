package report

// Error is what a command that fails prints with --json: one line, the last one of
// standard error.
type Error struct {
	// Kind is what went wrong, as the exit code tells it.
	Kind ErrorKind `json:"kind" jsonschema:"enum=failed,enum=usage,enum=lock,enum=input,enum=builder,enum=different,enum=conflict,enum=busy,enum=not-ready,enum=rolled-back,enum=interrupted"`
	// ExitCode is that of the command.
	ExitCode int `json:"exit-code"`
	Fault
	// Others are further mistakes, and further places that the error is about.
	Others []Fault `json:"others,omitempty"`
}

// ErrorKind is a kind of error. Each has its exit code.
type ErrorKind string

// The kinds of error, in the order of their exit codes.
const (
	ErrorFailed      ErrorKind = "failed"
	ErrorUsage       ErrorKind = "usage"
	ErrorLock        ErrorKind = "lock"
	ErrorInput       ErrorKind = "input"
	ErrorBuilder     ErrorKind = "builder"
	ErrorDifferent   ErrorKind = "different"
	ErrorConflict    ErrorKind = "conflict"
	ErrorBusy        ErrorKind = "busy"
	ErrorNotReady    ErrorKind = "not-ready"
	ErrorRolledBack  ErrorKind = "rolled-back"
	ErrorInterrupted ErrorKind = "interrupted"
)

// Fault is one thing that is wrong, or that a warning is about.
type Fault struct {
	// Message says what is wrong; it may have several lines.
	Message string `json:"message"`
	// Hint says what to do about it.
	Hint string `json:"hint,omitempty"`
	// File, Line and Column say where it is, if it is about a file. Both numbers start at
	// 1, and a column is a Unicode code point.
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	// Text is the line, without credentials; a long one is cut.
	Text string `json:"text,omitempty"`
	// Rule is the id of the rule that the Deployfile breaks.
	Rule string `json:"rule,omitempty"`
	// Severity is error, warning, or note for a further place.
	Severity string `json:"severity" jsonschema:"enum=error,enum=warning,enum=note"`
}
