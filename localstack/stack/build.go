package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
)

// build compiles the project's program into the data folder, unless the configuration names one.
func (s *Stack) build(ctx context.Context) error {
	if s.cfg.Binary != "" {
		if _, err := os.Stat(s.cfg.Binary); err != nil {
			return fmt.Errorf("the functions' program: %w", err)
		}
		return nil
	}
	s.cfg.Binary = filepath.Join(s.cfg.DataDir, "bin", "bootstrap")
	return Build(ctx, s.cfg.Root, s.cfg.Binary)
}

// Build compiles the project's program for this machine as it is compiled for Lambda.
func Build(ctx context.Context, root, output string) error {
	tool, err := exec.LookPath("go")
	if err != nil {
		return errors.New("the go command is missing: install Go (https://go.dev/dl) and put it on the PATH")
	}
	output, err = filepath.Abs(output)
	if err != nil {
		return fmt.Errorf("building the functions: %w", err)
	}
	cmd := exec.CommandContext(ctx, tool, "build", "-trimpath", "-tags", "lambda.norpc", "-ldflags", "-s -w", "-o", output, ".")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the functions: %w: %s", err, strings.TrimSpace(string(text)))
	}
	return nil
}

// Root finds the project's folder: dir or the nearest folder around it that has terraform/wiring.yaml.
func Root(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "terraform", "wiring.yaml")); err == nil {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("%s is not inside the project: there is no terraform/wiring.yaml here or above", dir)
		}
	}
}

// version is what this program was built from, as far as it knows.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "devel"
}
