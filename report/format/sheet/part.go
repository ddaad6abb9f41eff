package sheet

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The names by which the format knows its parts.
const (
	xmlHead       = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	mainSpace     = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	relationSpace = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	packageSpace  = "http://schemas.openxmlformats.org/package/2006/"
	typePrefix    = "application/vnd.openxmlformats-officedocument."
)

const rootRelations = xmlHead + `<Relationships xmlns="` + packageSpace + `relationships">` +
	`<Relationship Id="rId1" Type="` + relationSpace + `/officeDocument" Target="xl/workbook.xml"/>` +
	`<Relationship Id="rId2" Type="` + packageSpace + `relationships/metadata/core-properties" Target="docProps/core.xml"/>` +
	`<Relationship Id="rId3" Type="` + relationSpace + `/extended-properties" Target="docProps/app.xml"/></Relationships>`

func coreProperties(p Property) string {
	var out strings.Builder
	out.WriteString(xmlHead + `<cp:coreProperties xmlns:cp="` + packageSpace + `metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"` +
		` xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">`)
	for _, field := range []struct{ name, text string }{
		{"dc:title", p.Title}, {"dc:subject", p.Subject}, {"dc:creator", p.Company}, {"dc:description", p.Comment},
	} {
		if field.text != "" {
			out.WriteString("<" + field.name + ">" + escape(field.text) + "</" + field.name + ">")
		}
	}
	for _, name := range []string{"created", "modified"} {
		at := p.Created.UTC().Format(time.RFC3339)
		out.WriteString(`<dcterms:` + name + ` xsi:type="dcterms:W3CDTF">` + at + `</dcterms:` + name + ">")
	}
	out.WriteString("</cp:coreProperties>")
	return out.String()
}

func appProperties(p Property) string {
	company := ""
	if p.Company != "" {
		company = "<Company>" + escape(p.Company) + "</Company>"
	}
	return xmlHead + `<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties">` +
		`<Application>monthend</Application>` + company + `</Properties>`
}

// part is the name of the tab's sheet in the file.
func (t *Tab) part() string { return "xl/worksheets/" + t.file() }

func (t *Tab) file() string { return "sheet" + strconv.Itoa(t.index+1) + ".xml" }

// workbook lists the sheets in their order, and what is known of them by name.
func (b *Book) workbook() string {
	var out strings.Builder
	front := 0
	for i, t := range b.tabs {
		if t.page.Front {
			front = i
		}
	}
	out.WriteString(xmlHead + `<workbook xmlns="` + mainSpace + `" xmlns:r="` + relationSpace + `"><workbookPr/>`)
	fmt.Fprintf(&out, `<bookViews><workbookView activeTab="%d" tabRatio="850" windowWidth="28800" windowHeight="15000"/></bookViews><sheets>`, front)
	for i, t := range b.tabs {
		fmt.Fprintf(&out, `<sheet name="%s" sheetId="%d" r:id="rId%d"/>`, escape(t.name), i+1, i+1)
	}
	out.WriteString("</sheets>")
	names := ""
	for i, t := range b.tabs {
		if t.page.Filter != nil {
			names += fmt.Sprintf(`<definedName name="_xlnm._FilterDatabase" localSheetId="%d" hidden="1">%s</definedName>`, i, escape(t.Area(*t.page.Filter)))
		}
	}
	for i, t := range b.tabs {
		if t.page.Frozen > 0 {
			names += fmt.Sprintf(`<definedName name="_xlnm.Print_Titles" localSheetId="%d">%s!$1:$%d</definedName>`, i, escape(t.quoted()), t.page.Frozen)
		}
	}
	if names != "" {
		out.WriteString("<definedNames>" + names + "</definedNames>")
	}
	out.WriteString(`<calcPr calcId="191029"/></workbook>`)
	return out.String()
}

func (b *Book) relations() string {
	var out strings.Builder
	out.WriteString(xmlHead + `<Relationships xmlns="` + packageSpace + `relationships">`)
	for i, t := range b.tabs {
		fmt.Fprintf(&out, `<Relationship Id="rId%d" Type="%s/worksheet" Target="worksheets/%s"/>`, i+1, relationSpace, t.file())
	}
	fmt.Fprintf(&out, `<Relationship Id="rId%d" Type="%s/styles" Target="styles.xml"/></Relationships>`, len(b.tabs)+1, relationSpace)
	return out.String()
}

func (b *Book) contentTypes() string {
	var out strings.Builder
	override := func(part, kind string) {
		out.WriteString(`<Override PartName="/` + part + `" ContentType="` + kind + `+xml"/>`)
	}
	out.WriteString(xmlHead + `<Types xmlns="` + packageSpace + `content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Default Extension="xml" ContentType="application/xml"/>`)
	override("docProps/core.xml", "application/vnd.openxmlformats-package.core-properties")
	override("docProps/app.xml", typePrefix+"extended-properties")
	override("xl/workbook.xml", typePrefix+"spreadsheetml.sheet.main")
	override("xl/styles.xml", typePrefix+"spreadsheetml.styles")
	for _, t := range b.tabs {
		override(t.part(), typePrefix+"spreadsheetml.worksheet")
		if len(t.page.Charts) > 0 {
			override("xl/drawings/"+t.drawing(), typePrefix+"drawing")
		}
	}
	for i := range b.charts {
		override("xl/charts/chart"+strconv.Itoa(i+1)+".xml", typePrefix+"drawingml.chart")
	}
	out.WriteString("</Types>")
	return out.String()
}
