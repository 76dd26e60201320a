// Package secrets is the local stack's AWS Secrets Manager: as much of it as the project and a person with the AWS CLI use.
package secrets

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/calendarinvite/calendarinviteserver/localstack/journal"
	"github.com/calendarinvite/calendarinviteserver/localstack/protocol"
	"github.com/calendarinvite/calendarinviteserver/localstack/wiring"
)

// Store keeps secrets in the journal. Its methods may be called from many goroutines at once.
type Store struct {
	wiring *wiring.Wiring
	bucket *journal.Bucket
	now    func() time.Time
}

// secret is one secret with its current value.
type secret struct {
	Name        string    `json:"name"`
	Description string    `json:"description"`
	Version     string    `json:"version"`
	String      *string   `json:"string,omitempty"`
	Binary      []byte    `json:"binary,omitempty"`
	Created     time.Time `json:"created"`
	Changed     time.Time `json:"changed"`
}

// New opens the secrets of the wiring. One that has no value yet gets a random one, which it keeps for the life of the data
// folder, unless values names one: by the setting that holds the secret's name, such as LINK_SIGNING_SECRET, or as webhook-<name>.
func New(j *journal.DB, w *wiring.Wiring, values map[string]string) (*Store, error) {
	s := &Store{wiring: w, bucket: j.Bucket("secrets"), now: time.Now}
	for key, name := range w.SecretNames() {
		var old secret
		exists, err := s.bucket.Get(name, &old)
		if err != nil {
			return nil, err
		}
		value, given := values[key]
		if exists && (!given || old.String != nil && *old.String == value) {
			continue
		}
		description, generate := w.Secrets[key].Description, generate
		if hook, ok := strings.CutPrefix(key, "webhook-"); ok {
			description, generate = "Signs what the webhook "+hook+" is told", generateWebhook
		}
		if !given {
			value = generate()
		}
		if err := s.put(name, description, &value, nil); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// generate makes 256 random bits.
func generate() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return hex.EncodeToString(b[:])
}

// generateWebhook makes the key of a webhook's signatures: 256 random bits (Standard Webhooks specification, "Signature scheme").
func generateWebhook() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return "whsec_" + base64.StdEncoding.EncodeToString(b[:])
}

// ARN is the full name of the secret that id means: an ARN, or a name. AWS ends it with six characters of its own, which
// policies must allow for.
func (s *Store) ARN(id string) string { return ARN(s.wiring, id) }

// ARN is Store.ARN before there is a Store.
func ARN(w *wiring.Wiring, id string) string {
	name := nameOf(id)
	sum := sha256.Sum256([]byte(name))
	return w.ARN("secretsmanager", "secret:"+name+"-"+hex.EncodeToString(sum[:3]))
}

// nameOf is the name in an id, which may be a name, an ARN, or an ARN without its ending.
func nameOf(id string) string {
	_, name, isARN := strings.Cut(id, ":secret:")
	if !isARN {
		return id
	}
	if end := strings.LastIndexByte(name, '-'); end >= 0 && len(name)-end == 7 {
		sum := sha256.Sum256([]byte(name[:end]))
		if name[end+1:] == hex.EncodeToString(sum[:3]) {
			return name[:end]
		}
	}
	return name
}

func (s *Store) get(id string) (secret, error) {
	var found secret
	ok, err := s.bucket.Get(nameOf(id), &found)
	if err == nil && !ok {
		err = protocol.Errorf("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
	}
	return found, err
}

func (s *Store) put(name, description string, text *string, binary []byte) error {
	now := s.now().UTC()
	entry := secret{Name: name, Description: description, Version: protocol.RequestID(), String: text, Binary: binary, Created: now, Changed: now}
	var old secret
	if exists, err := s.bucket.Get(name, &old); err != nil {
		return err
	} else if exists {
		entry.Created = old.Created
		if description == "" {
			entry.Description = old.Description
		}
	}
	return s.bucket.Put(name, entry)
}

// request is the input of all actions.
type request struct {
	SecretId, Name, Description string
	SecretString                *string
	SecretBinary                []byte
}

// API is the Secrets Manager API: GetSecretValue, DescribeSecret, ListSecrets, CreateSecret, PutSecretValue, UpdateSecret, DeleteSecret.
func (s *Store) API() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		var in request
		err := protocol.ReadJSON(r, 1<<20, &in)
		var answer any
		if err == nil {
			answer, err = s.do(action, in)
		}
		if err != nil {
			protocol.WriteError(w, r, protocol.JSON, err)
			return
		}
		protocol.WriteJSON(w, protocol.JSON, answer)
	})
}

func (s *Store) do(action string, in request) (any, error) {
	switch action {
	case "CreateSecret":
		if _, err := s.get(in.Name); err == nil {
			return nil, protocol.Errorf("ResourceExistsException", "The operation failed because the secret %s already exists.", in.Name)
		}
		if in.Name == "" {
			return nil, protocol.Errorf("InvalidParameterException", "You must provide a name.")
		}
		return s.write(in.Name, in)
	case "ListSecrets":
		list := []any{}
		err := journal.Each(s.bucket, "", func(_ string, e secret) error {
			list = append(list, s.describe(e))
			return nil
		})
		return map[string]any{"SecretList": list}, err
	}
	e, err := s.get(in.SecretId)
	if err != nil {
		return nil, err
	}
	switch action {
	case "GetSecretValue":
		answer := map[string]any{"ARN": s.ARN(e.Name), "Name": e.Name, "VersionId": e.Version, "VersionStages": []string{"AWSCURRENT"}, "CreatedDate": epoch(e.Changed)}
		if e.String != nil {
			answer["SecretString"] = *e.String
		} else {
			answer["SecretBinary"] = e.Binary
		}
		return answer, nil
	case "DescribeSecret":
		return s.describe(e), nil
	case "PutSecretValue", "UpdateSecret":
		if in.SecretString == nil && in.SecretBinary == nil {
			in.SecretString, in.SecretBinary = e.String, e.Binary
		}
		return s.write(e.Name, in)
	case "DeleteSecret":
		return map[string]any{"ARN": s.ARN(e.Name), "Name": e.Name, "DeletionDate": epoch(s.now())}, s.bucket.Delete(e.Name)
	}
	return nil, &protocol.Error{Status: 501, Code: "NotImplementedException", Message: fmt.Sprintf("the local stack's Secrets Manager does not have %s", action)}
}

func (s *Store) write(name string, in request) (any, error) {
	if err := s.put(name, in.Description, in.SecretString, in.SecretBinary); err != nil {
		return nil, err
	}
	e, err := s.get(name)
	return map[string]any{"ARN": s.ARN(name), "Name": name, "VersionId": e.Version, "VersionStages": []string{"AWSCURRENT"}}, err
}

func (s *Store) describe(e secret) map[string]any {
	return map[string]any{
		"ARN": s.ARN(e.Name), "Name": e.Name, "Description": e.Description, "CreatedDate": epoch(e.Created), "LastChangedDate": epoch(e.Changed),
		"VersionIdsToStages": map[string][]string{e.Version: {"AWSCURRENT"}},
	}
}

// epoch is a moment as AWS's JSON protocols write it: seconds.
func epoch(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
