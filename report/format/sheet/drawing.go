package sheet

import (
	"fmt"
	"strconv"
	"strings"
)

const drawingSpace = "http://schemas.openxmlformats.org/drawingml/2006/"

// drawings writes the charts of a closed sheet and what places them on it.
func (b *Book) drawings(t *Tab) {
	if len(t.page.Charts) == 0 {
		return
	}
	rels, anchors := "", ""
	for i, c := range t.page.Charts {
		b.charts++
		b.part("xl/charts/chart"+strconv.Itoa(b.charts)+".xml", c.xml())
		id := i + 1
		rels += fmt.Sprintf(`<Relationship Id="rId%d" Type="%s/chart" Target="../charts/chart%d.xml"/>`, id, relationSpace, b.charts)
		anchors += "<xdr:twoCellAnchor>" + anchor("from", c.Place.Row, c.Place.Column) + anchor("to", c.Place.LastRow+1, c.Place.LastColumn+1) +
			fmt.Sprintf(`<xdr:graphicFrame macro=""><xdr:nvGraphicFramePr><xdr:cNvPr id="%d" name="Chart %d" descr="%s"/><xdr:cNvGraphicFramePr/>`, id+1, id, escape(c.Describe)) +
			`</xdr:nvGraphicFramePr><xdr:xfrm><a:off x="0" y="0"/><a:ext cx="0" cy="0"/></xdr:xfrm><a:graphic><a:graphicData uri="` + drawingSpace + `chart">` +
			fmt.Sprintf(`<c:chart xmlns:c="%schart" r:id="rId%d"/>`, drawingSpace, id) +
			`</a:graphicData></a:graphic></xdr:graphicFrame><xdr:clientData/></xdr:twoCellAnchor>`
	}
	b.part("xl/worksheets/_rels/"+t.file()+".rels", xmlHead+`<Relationships xmlns="`+packageSpace+`relationships">`+
		`<Relationship Id="rId1" Type="`+relationSpace+`/drawing" Target="../drawings/`+t.drawing()+`"/></Relationships>`)
	b.part("xl/drawings/"+t.drawing(), xmlHead+`<xdr:wsDr xmlns:xdr="`+drawingSpace+`spreadsheetDrawing" xmlns:a="`+drawingSpace+`main" xmlns:r="`+
		relationSpace+`">`+anchors+"</xdr:wsDr>")
	b.part("xl/drawings/_rels/"+t.drawing()+".rels", xmlHead+`<Relationships xmlns="`+packageSpace+`relationships">`+rels+"</Relationships>")
}

func anchor(side string, row, column int) string {
	return fmt.Sprintf("<xdr:%s><xdr:col>%d</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>%d</xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:%s>", side, column, row, side)
}

func (t *Tab) drawing() string { return "drawing" + strconv.Itoa(t.index+1) + ".xml" }

// Spark is a sparkline: the values of an area drawn in one cell. Readers that know none leave the cell empty.
type Spark struct {
	Cell   Area
	Values Area
	On     *Tab // that has the values
}

// sparks is what a sheet with sparklines ends in: an extension of the format, of 2010.
func sparks(list []Spark) string {
	if len(list) == 0 {
		return ""
	}
	var out strings.Builder
	out.WriteString(`<extLst><ext xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main" uri="{05C60535-1F16-4fd2-B633-F4F36F0B64E0}">` +
		`<x14:sparklineGroups xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main"><x14:sparklineGroup displayEmptyCellsAs="gap">` +
		`<x14:colorSeries rgb="FF2563EB"/><x14:sparklines>`)
	for _, s := range list {
		out.WriteString("<x14:sparkline><xm:f>" + escape(s.On.Area(s.Values)) + "</xm:f><xm:sqref>" + s.Cell.String() + "</xm:sqref></x14:sparkline>")
	}
	out.WriteString("</x14:sparklines></x14:sparklineGroup></x14:sparklineGroups></ext></extLst>")
	return out.String()
}
