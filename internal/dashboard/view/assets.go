package view

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/calendarinvite/calendarinviteserver/internal/brand"
	"github.com/calendarinvite/calendarinviteserver/internal/template"
)

// The files that the pages load. The script is built from web/src by "make web".
const (
	styleName  = "dashboard.css"
	scriptName = "dashboard.js"
	iconName   = "icon.svg"
)

// asset is a file as it is served.
type asset struct {
	body        []byte
	contentType string
	hash        string // of the body: the address changes with it, so that a browser may keep it for ever
}

var contentTypes = map[string]string{
	styleName: "text/css; charset=utf-8", scriptName: "text/javascript; charset=utf-8", iconName: "image/svg+xml",
}

// Asset is a file that the pages load, by its name: "dashboard.css", "dashboard.js" or "icon.svg". The caller must not change the body.
func (v *Views) Asset(name string) (body []byte, contentType string, ok bool) {
	a, ok := v.assets[name]
	return a.body, a.contentType, ok
}

// AssetPath is where the pages load the file from: Root/assets/HASH/NAME, with the hash of what is in it. Whatever is asked for under exactly this path may be
// kept for ever; under another hash (a page from before a deployment) it is to be served, and not kept.
func (v *Views) AssetPath(name string) string {
	return v.base + Root + "/assets/" + v.assets[name].hash + "/" + name
}

// assetKey is the placeholder of an asset's path.
func assetKey(name string) string { return strings.ReplaceAll(name, ".", "_") }

// The grounds of dashboard.css on which the brand colour is used as text: of each mode the one that leaves it the least contrast.
var (
	lightGround = brand.Color{R: 0xf1, G: 0xf3, B: 0xf6}
	darkGround  = brand.Color{R: 0x20, G: 0x24, B: 0x2c}
)

// assetsOf are the files in the brand's colours. What is ours and holds only checked colours needs no escape.
func assetsOf(b brand.Brand) (map[string]asset, error) {
	color := b.Main()
	colors := newValues()
	colors.set("brand_color", color.String())
	colors.set("brand_text", color.Text().String())
	colors.set("link_color", color.On(lightGround).String())
	colors.set("link_color_dark", color.On(darkGround).String())
	all := map[string]asset{}
	for name, contentType := range contentTypes {
		body, err := files.ReadFile("assets/" + name)
		if err != nil {
			return nil, err
		}
		if name != scriptName {
			t, err := template.Parse(string(body), colors.names(), nil)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			body = []byte(tight(t.Render(colors.texts, nil, template.Text)))
		}
		sum := sha256.Sum256(body)
		all[name] = asset{body: body, contentType: contentType, hash: hex.EncodeToString(sum[:6])}
	}
	return all, nil
}

var tightened = strings.NewReplacer(" { ", "{", " {", "{", "; }", "}", " }", "}", ": ", ":", "; ", ";", ", ", ",", " > ", ">")

// tight leaves out of a style sheet what only its authors need. It knows how ours is written: comments have lines of their own, and texts in quotes hold none
// of the pairs that it shortens.
func tight(style string) string {
	var b strings.Builder
	for line := range strings.Lines(style) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "/*") {
			b.WriteString(tightened.Replace(line))
		}
	}
	return b.String()
}
