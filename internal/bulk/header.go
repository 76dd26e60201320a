package bulk

import (
	"slices"
	"strings"
	"unicode"
)

// columns says in which column of a list what stands; -1 for what has no column.
type columns struct {
	uid, email, name, first, middle, last int
	foreign                               bool // the uid's may be the number or the name of an event in another system
}

var noColumns = columns{-1, -1, -1, -1, -1, -1, false}

// The names of columns, as spreadsheets, calendars, mail programs and newsletter services write them in several languages, in the form
// of columnKey. Of several columns that are in a list, the one whose name stands first here counts.
var (
	uidColumns   = []string{"uid", "eventuid", "eventid", "event"} // the latter two stand in the exports of ticket services, too
	emailColumns = []string{
		"email", "emailaddress", "mail", "mailaddress", "emailid",
		"email1value", "email1address", "email1", "primaryemail", "primaryemailaddress", "workemail", "emailwork", "personalemail", // contacts
		"emails", "emailaddressother", "attendeeemail", "guestemail", "contactemail", "subscriberemail", "useremail",
		"emailadresse", "mailadresse", "epostadresse", // de, da, no
		"courriel", "adresseemail", "adressemail", "adressecourriel", "adressedemessagerie", "adresseelectronique", // fr
		"correo", "correoelectronico", "direcciondecorreo", "direcciondecorreoelectronico", "emailcorreo", // es
		"indirizzoemail", "indirizzomail", "indirizzodipostaelettronica", "postaelettronica", // it
		"enderecodeemail", "enderecodecorreioeletronico", "correioeletronico", // pt
		"emailadres", "mailadres", "adresemail", "adresmail", // nl, pl
		"epost", "epostadress", "sahkoposti", "sahkopostiosoite", "eposta", // sv, no, fi, tr
		"почта", "электроннаяпочта", "адресэлектроннойпочты", "メール", "メールアドレス", "eメール", "邮箱", "电子邮件", "電子郵件", "이메일",
	}
	nameColumns = []string{
		"name", "fullname", "displayname", "contactname", "attendeename", "guestname", "yourname",
		"anzeigename", "vollstandigername", "nomcomplet", "nombrecompleto", "nomecompleto", "naam", "namn", "navn", "imieinazwisko", "имя", "氏名", "名前", "姓名", "이름",
	}
	firstColumns = []string{
		"firstname", "attendeefirstname", "fname", "givenname", "first", "forename",
		"vorname", "prenom", "nombre", "nome", "voornaam", "fornamn", "fornavn", "etunimi", "imie", "ad", "名",
	}
	middleColumns = []string{"middlename", "additionalname", "weiterevornamen", "zweitervorname", "deuxiemeprenom", "segundonombre", "secondonome"}
	lastColumns   = []string{
		"lastname", "attendeelastname", "attendeesurname", "lname", "surname", "familyname", "last",
		"nachname", "familienname", "nom", "nomdefamille", "apellido", "apellidos", "cognome", "sobrenome", "achternaam", "efternamn", "etternavn", "efternavn", "sukunimi", "nazwisko", "soyad", "фамилия", "姓",
	}
)

// readHeader finds the columns in the cells of a header.
func readHeader(cells [][]byte) columns {
	const most = 1000 // nobody reads a table that is wider
	keys := make([]string, 0, 16)
	for _, cell := range cells[:min(len(cells), most)] {
		keys = append(keys, columnKey(cell))
	}
	find := func(names []string) int {
		for _, name := range names {
			if i := slices.Index(keys, name); i >= 0 {
				return i
			}
		}
		return -1
	}
	c := columns{find(uidColumns), find(emailColumns), find(nameColumns), find(firstColumns), find(middleColumns), find(lastColumns), false}
	c.foreign = c.uid >= 0 && (keys[c.uid] == "eventid" || keys[c.uid] == "event")
	if c.first >= 0 && c.last < 0 && c.name >= 0 && keys[c.name] == "name" { // as in "Name;Vorname": the family name
		c.name, c.last = -1, c.name
	}
	return c
}

// known is how many columns were found.
func (c columns) known() (n int) {
	for _, column := range []int{c.uid, c.email, c.name, c.first, c.middle, c.last} {
		if column >= 0 {
			n++
		}
	}
	return n
}

// unaccented writes letters with accents without, for names of columns are often written so.
var unaccented = strings.NewReplacer("á", "a", "à", "a", "â", "a", "ä", "a", "ã", "a", "å", "a", "ç", "c", "é", "e", "è", "e", "ê", "e", "ë", "e",
	"í", "i", "ì", "i", "î", "i", "ï", "i", "ñ", "n", "ó", "o", "ò", "o", "ô", "o", "ö", "o", "õ", "o", "ø", "o", "ú", "u", "ù", "u", "û", "u", "ü", "u", "ę", "e")

// columnKey is what makes the name of a column: its letters without case and accents, and its digits.
func columnKey(cell []byte) string {
	const longest = 200 // bytes
	key := strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, string(cell[:min(len(cell), longest)]))
	return unaccented.Replace(key)
}
