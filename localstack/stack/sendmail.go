package stack

import (
	"fmt"
	"strings"

	"github.com/emersion/go-smtp"
)

// SendMail hands a mail to the SMTP door at addr, as any mail client does, and returns the message id in the answer.
func SendMail(addr, from, to string, raw []byte) (id string, err error) {
	c, err := smtp.Dial(addr)
	if err != nil {
		return "", err
	}
	defer c.Close()
	if err := c.Mail(from, nil); err != nil {
		return "", fmt.Errorf("MAIL FROM:<%s>: %w", from, err)
	}
	if err := c.Rcpt(to, nil); err != nil {
		return "", fmt.Errorf("RCPT TO:<%s>: %w", to, err)
	}
	w, err := c.Data()
	if err != nil {
		return "", fmt.Errorf("DATA: %w", err)
	}
	if _, err := w.Write(raw); err != nil {
		return "", fmt.Errorf("DATA: %w", err)
	}
	answer, err := w.CloseWithResponse()
	if err != nil {
		return "", fmt.Errorf("DATA: %w", err)
	}
	return strings.TrimPrefix(answer.StatusText, "2.0.0 "), c.Quit()
}
