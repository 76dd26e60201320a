package stack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
)

type listeners struct{ api, smtp, aws net.Listener }

// listen takes the three addresses before anything else is started.
func (s *Stack) listen(ctx context.Context) (l listeners, err error) {
	for _, door := range []struct {
		setting, addr string
		to            *net.Listener
	}{
		{"CIS_API_ADDR", s.cfg.APIAddr, &l.api},
		{"CIS_SMTP_ADDR", s.cfg.SMTPAddr, &l.smtp},
		{"CIS_AWS_ADDR", s.cfg.AWSAddr, &l.aws},
	} {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", door.addr)
		switch {
		case errors.Is(err, syscall.EADDRINUSE):
			return l, fmt.Errorf("%s is in use by another program: stop that, or set %s to another address", door.addr, door.setting)
		case err != nil:
			return l, fmt.Errorf("%s: %w", door.setting, err)
		}
		*door.to = listener
		s.closing(door.setting, func(context.Context) error {
			if err := listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) { // its server has closed it as a rule
				return err
			}
			return nil
		})
	}
	return l, nil
}
