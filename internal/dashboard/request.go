package dashboard

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/awslabs/aws-lambda-go-api-proxy/core"

	"github.com/calendarinvite/calendarinviteserver/internal/api"
	"github.com/calendarinvite/calendarinviteserver/internal/fault"
	"github.com/calendarinvite/calendarinviteserver/internal/invite"
)

// request is what API Gateway knows of a request.
type request struct{ id, source, keyID string }

func requestOf(r *http.Request) request {
	context, ok := core.GetAPIGatewayContextFromContext(r.Context())
	if !ok {
		return request{}
	}
	return request{id: api.RequestID(context), source: context.Identity.SourceIP, keyID: context.Identity.APIKeyID}
}

// name names what a request makes, in 32 hexadecimal digits: the same for the same request, should its step run twice.
func (q request) name(what string) string {
	sum := sha256.Sum256([]byte(what + "\n" + q.id))
	return hex.EncodeToString(sum[:16])
}

// maxForm is the largest form, in bytes: API Gateway and Lambda take a little more.
const maxForm = 4 << 20

// errTooLarge is the fault of a form that is larger.
var errTooLarge = fault.New(fault.InvalidRequest, "too-large", "")

// parseForm reads the request's form, also one with a file.
func parseForm(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	err := r.ParseForm() // first: ParseMultipartForm says nothing of what is wrong with a form without files
	if err == nil {
		err = r.ParseMultipartForm(maxForm) // nothing goes to a disk
	}
	if errors.Is(err, http.ErrNotMultipart) {
		err = nil
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return errTooLarge
	case err != nil:
		return fault.Wrap(fault.InvalidRequest, "bad-form", err)
	}
	return nil
}

// upload is the file of a form, and its name; nil when there is none.
func upload(r *http.Request, field string) ([]byte, string, error) {
	file, header, err := r.FormFile(field)
	if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", fault.Wrap(fault.InvalidRequest, "bad-file", err)
	}
	defer func() { _ = file.Close() }()
	body, err := io.ReadAll(file)
	if err != nil {
		return nil, "", fault.Wrap(fault.InvalidRequest, "bad-file", err)
	}
	if len(body) == 0 && header.Filename == "" {
		return nil, "", nil
	}
	return body, cutName(header.Filename), nil
}

// maxFileName is the most octets that are kept of a file's name: as many as file systems allow.
const maxFileName = 255

func cutName(name string) string {
	if len(name) > maxFileName {
		name = strings.ToValidUTF8(name[:maxFileName], "")
	}
	return name
}

// uidOf is the event that the path names, as records have it.
func uidOf(r *http.Request) (string, error) {
	uid, err := invite.ParseUID(r.PathValue("uid"))
	if err != nil {
		return "", fault.Wrap(fault.NotFound, invite.ReasonUnknownEvent, err)
	}
	return uid, nil
}

// window is a cap on uses of a kind by the hour or the day, counted for the key.
func (s *Site) window(name, key string, length time.Duration, limit int) invite.Cap {
	start := s.Now().UTC().Truncate(length)
	return invite.Cap{Name: name, Key: key, Window: start.Unix(), Until: start.Add(2 * length).Unix(), Limit: limit}
}

func itoa(n int) string { return strconv.Itoa(n) }

// atoi reads a number that we wrote ourselves; 0 where somebody wrote something else.
func atoi(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0
	}
	return n
}
