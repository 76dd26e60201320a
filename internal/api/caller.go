package api

import "github.com/calendarinvite/calendarinviteserver/internal/fault"

// Caller is who a key belongs to.
type Caller struct {
	Tenant string `json:"tenant"` // the records of this tenant only
	Admin  bool   `json:"admin"`  // may also ask for /system/*
}

// Keys are the callers by API Gateway key id.
type Keys map[string]Caller

// Caller is who sent the request. API Gateway has checked the key before; one that it knows and we do not is
// fault.NotAuthorized.
func (k Keys) Caller(request Request) (Caller, error) {
	caller, known := k[request.RequestContext.Identity.APIKeyID]
	if !known {
		return Caller{}, fault.New(fault.NotAuthorized, "unknown-key", "This key may not do that.")
	}
	return caller, nil
}
