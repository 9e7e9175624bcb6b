package lint

import "github.com/deployfile/deployfile/deployfile"

// Rules returns all rules, in the order of their IDs.
func Rules() []Rule {
	const warning, problem = deployfile.SeverityWarning, deployfile.SeverityError
	return []Rule{
		{
			"blocked-drain", "Blocked node drain",
			"A target has no instance to spare, so draining a node never finishes.",
			warning, parsed("blocked-drain"),
		},
		{
			"builder-platform", "Platform of the builder",
			"A target that pulls its image gets one for arm64, because that is the platform of the builder.",
			warning, builderPlatform,
		},
		{
			"credentials", "Credential in the Deployfile",
			"A password, token or key is in the Deployfile, and so in the image.",
			problem, credentials,
		},
		{
			"cuda-without-gpu", "CUDA without a GPU",
			"Packages that only a GPU needs are installed, and no target has a GPU.",
			warning, cudaWithoutGPU,
		},
		{
			"development-package", "Development package",
			"A package for tests, notebooks or code style is installed in a serving image.",
			warning, developmentPackages,
		},
		{
			"file-conflict", "Conflicting files",
			"Two packages contain the same file with different contents, and the image gets only one.",
			warning, fileConflicts,
		},
		{
			"full-mlflow", "Full MLflow",
			"All of MLflow is installed where its scoring server is enough.",
			warning, fullMLflow,
		},
		{
			"image-size", "Image above its limit",
			"The packages and the model alone are larger than max-size in [image].",
			problem, imageSize,
		},
		{
			"latest-tag", "Moving tag",
			"An image has no tag or the tag latest, which may be another image tomorrow.",
			warning, latestTags,
		},
		{
			"moved-model", "Model that has moved",
			"The name of the model, such as an alias, stands for another version than the lock has.",
			warning, movedModel,
		},
		{
			"no-input-example", "No input example",
			"The model was logged without an input example, so the build cannot test a prediction.",
			warning, noInputExample,
		},
		{
			"pickled-model", "Model in pickle format",
			"The model is a pickle, which runs code when it is loaded and depends on exact package versions.",
			warning, pickledModel,
		},
		{
			"python-end-of-life", "Python at its end of life",
			"The Python version no longer gets security fixes.",
			warning, pythonEndOfLife,
		},
		{
			"running-as-root", "Running as root",
			"The server runs as root.",
			warning, parsed("running-as-root"),
		},
		{
			"startup-code", "Startup code",
			"A package contains a .pth file or a sitecustomize, which Python runs at every start.",
			warning, startupCode,
		},
		{
			"unencrypted-secret", "Secret sent unencrypted",
			"The credential of a package index is sent over plain HTTP.",
			warning, parsed("unencrypted-secret"),
		},
		{
			"unlocked-build", "Build without a lock",
			"The lock is missing, so the same Deployfile may build another image tomorrow.",
			warning, unlockedBuild,
		},
		{
			"unpinned-base", "Base image without a digest",
			"The base image has a tag but no digest, and no lock pins it.",
			warning, unpinnedBase,
		},
		{
			"unpinned-requirement", "Requirement without a version",
			"A requirement has no exact version, and no lock pins it.",
			warning, unpinnedRequirements,
		},
		{
			"untested-python", "Python newer than tested",
			"This release was not tested with so new a Python version.",
			warning, parsed("untested-python"),
		},
		{
			"yanked-requirement", "Yanked version",
			"The lock pins a version that was yanked from its index.",
			warning, yankedRequirements,
		},
	}
}

// parsed returns the warnings of deployfile.Parse with this ID, so that a rule
// about the text alone is written once.
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
