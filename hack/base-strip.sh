#!/bin/sh
# Removes from the root file system $1 what a running model needs not, and
# what differs from one making of the image to the next.
set -eu

cd "$1"
find . -xdev -type d -name __pycache__ -prune -exec rm -rf {} +
rm -rf usr/share/man usr/share/info usr/share/locale usr/share/lintian usr/share/bug usr/share/gcc
find usr/share/doc -mindepth 1 -depth ! -type d ! -name copyright -delete
find usr/share/doc -mindepth 1 -depth -type d -empty -delete
[ -d etc ] || exit 0

# Written by the scripts of packages, with time stamps or the host's names.
rm -rf var/lib/apt/lists/* var/cache/* var/log/* var/lib/dpkg/*-old tmp/* run/*
rm -f etc/hostname etc/resolv.conf etc/machine-id etc/.pwd.lock etc/passwd- etc/group- etc/shadow- etc/gshadow-
mkdir -p var/lib/apt/lists/partial var/cache/apt/archives/partial
chmod 700 var/lib/apt/lists/partial var/cache/apt/archives/partial
# As in python:3.11-slim.
ln -s /usr/bin/python3 usr/local/bin/python
