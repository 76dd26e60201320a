package outbox

import (
	"encoding/json"
	"net/http"
	"time"
)

// Path is where Messages must be mounted, as on LocalStack.
const Path = "/_aws/ses"

// Messages answers GET with the messages sent, newest last, and forgets them on DELETE. ?id= and ?email= (sender) choose.
func (o *Outbox) Messages() http.Handler {
	type destination struct {
		ToAddresses  []string
		CcAddresses  []string `json:",omitempty"`
		BccAddresses []string `json:",omitempty"`
	}
	type message struct {
		Id, Region, Source string
		Destination        destination
		Subject, RawData   string
		Timestamp          string
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		filter := Filter{ID: r.URL.Query().Get("id"), Email: r.URL.Query().Get("email")}
		switch r.Method {
		case http.MethodDelete:
			if err := o.Delete(filter); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			w.WriteHeader(http.StatusNoContent)
		case http.MethodGet, http.MethodHead:
			list, err := o.List(filter)
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			messages := make([]message, 0, len(list))
			for _, s := range list {
				s, ok, err := o.Get(s.ID)
				if err != nil || !ok { // deleted meanwhile
					continue
				}
				messages = append(messages, message{
					Id: s.ID, Region: o.cfg.Region, Source: s.Source, Destination: destination{s.To, s.Cc, s.Bcc},
					Subject: s.Subject, RawData: string(s.Raw), Timestamp: s.Time.Format(time.RFC3339Nano),
				})
			}
			w.Header().Set("Content-Type", "application/json")
			enc := json.NewEncoder(w)
			enc.SetEscapeHTML(false)
			_ = enc.Encode(map[string]any{"messages": messages}) // the client may be gone; nobody else is to be told
		default:
			http.Error(w, "GET or DELETE", http.StatusMethodNotAllowed)
		}
	})
}
