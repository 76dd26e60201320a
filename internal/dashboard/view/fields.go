package view

// The names of the parameters and form fields, for whoever reads them.
const (
	FieldAddress = "address" // SignIn: an organizer's address
	FieldKey     = "key"     // SignIn: the administrators' key

	FieldSearch   = "q"        // lists: free text
	FieldState    = "state"    // Events: an EventState
	FieldStatus   = "status"   // attendees: an Answer
	FieldDelivery = "delivery" // attendees: a DeliveryFilter
	FieldSort     = "sort"     // attendees: a Sort
	FieldAfter    = "after"    // lists: the cursor of the page

	FieldScope     = "scope"     // again: a Scope
	FieldList      = "list"      // Invite: pasted addresses or CSV text
	FieldFile      = "file"      // Invite: the uploaded CSV
	FieldReference = "reference" // DryRun: what the send form gives back

	FieldOrigin  = "origin"  // Share: an origin of spec §4
	FieldLanding = "landing" // Share: where the guest goes afterwards

	FieldChoice   = "choice"   // Guests, Proposals: what to do
	FieldGuest    = "guest"    // Guests: a Guest's Key
	FieldProposal = "proposal" // Proposals: a Proposal's Key
	FieldComment  = "comment"  // Proposals: a word to the guest, at most CommentLength characters

	FieldSwitch = "switch" // Organizer: a Switch
	FieldOn     = "on"     // Organizer: "yes" or "no"
)

// The values of FieldChoice.
const (
	ChoiceAdmit   = "admit"   // Guests
	ChoiceRefuse  = "refuse"  // Guests
	ChoiceDecline = "decline" // Proposals
)

// CommentLength is the longest comment, in characters.
const CommentLength = maxComment

// How much a page shows, so that it stays within its weight: 120 KB with script and style.
const (
	Rows    = 25 // of a list
	DryRows = 50 // of a DryRun
	Points  = 30 // of a chart
)
