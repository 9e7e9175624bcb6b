"""Runs the pip of another environment for this one: PIP PYTHON ARGUMENT...; PYTHON is
what the programs that it installs are started with."""

import runpy
import sys
import sysconfig

pip, python = sys.argv[1:3]
sys.path.insert(0, sysconfig.get_path("purelib", vars={"base": pip}))
sys.executable = python
sys.argv = ["pip", *sys.argv[3:]]
runpy.run_module("pip", run_name="__main__", alter_sys=True)
