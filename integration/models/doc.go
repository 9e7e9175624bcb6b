// Package models holds tests only: models that MLflow has logged are locked, built
// and served, and their answers compared with those of MLflow itself.
package models
