package lint

import "github.com/deployfile/deployfile/deployfile"

// Rules are all rules, in the order of their IDs.
func Rules() []Rule {
	const warning, problem = deployfile.SeverityWarning, deployfile.SeverityError
	return []Rule{
		{
			"blocked-drain", "Node drain that never ends",
			"A target has no instance to spare, so that draining a node waits for ever.",
			warning, parsed("blocked-drain"),
		},
		{
			"credentials", "Credential in the Deployfile",
			"A password, token or key stands in the Deployfile, and with it in the image.",
			problem, credentials,
		},
		{
			"development-package", "Development package",
			"A package for tests, notebooks or code style is installed in an image that serves.",
			warning, developmentPackages,
		},
		{
			"file-conflict", "Files of several packages",
			"Two packages bring the same file with other contents, and the image has one of them.",
			warning, fileConflicts,
		},
		{
			"full-mlflow", "Full MLflow",
			"All of MLflow is installed where the part that serves would do.",
			warning, fullMLflow,
		},
		{
			"latest-tag", "Tag that moves",
			"An image is named without a tag or with the tag latest, which stands for another image tomorrow.",
			warning, latestTags,
		},
		{
			"no-input-example", "No input example",
			"The model was logged without an input example, so the build cannot try whether the image answers.",
			warning, noInputExample,
		},
		{
			"pickled-model", "Model in pickle format",
			"The model is a pickle, which runs code when it is loaded and belongs to one set of versions.",
			warning, pickledModel,
		},
		{
			"python-end-of-life", "Python at its end of life",
			"The Python version gets no security fixes any more.",
			warning, pythonEndOfLife,
		},
		{
			"running-as-root", "Running as root",
			"The server runs as root.",
			warning, parsed("running-as-root"),
		},
		{
			"startup-code", "Code at every start of Python",
			"A package brings a .pth file or a sitecustomize, which Python reads before anything else.",
			warning, startupCode,
		},
		{
			"unencrypted-secret", "Secret sent unencrypted",
			"The credential of a package index is sent over plain HTTP.",
			warning, parsed("unencrypted-secret"),
		},
		{
			"unlocked-build", "Build without a lock",
			"There is no lock, so that the same Deployfile makes another image tomorrow.",
			warning, unlockedBuild,
		},
		{
			"unpinned-base", "Base image without a digest",
			"The base image is named by a tag alone and there is no lock that pins it.",
			warning, unpinnedBase,
		},
		{
			"unpinned-requirement", "Requirement without a version",
			"A requirement leaves its version open and there is no lock that pins it.",
			warning, unpinnedRequirements,
		},
		{
			"untested-python", "Python newer than tested",
			"The Python version is newer than any that this release was tested with.",
			warning, parsed("untested-python"),
		},
		{
			"yanked-requirement", "Withdrawn version",
			"The lock holds a version that was withdrawn from its index.",
			warning, yankedRequirements,
		},
	}
}

// parsed takes over what deployfile.Parse warned of, so that a rule on the text
// alone is written once and has one ID.
func parsed(id string) func(Input) []Finding {
	return func(in Input) []Finding {
		var out []Finding
		for _, d := range in.Warnings {
			if d.Rule == id {
				out = append(out, Finding{Message: d.Message, Fix: d.Hint, Range: d.Range})
			}
		}
		return out
	}
}
