package seed

// The counterparties, the largest first. Their names hold what names hold in real ledgers: several scripts, quotation marks,
// ampersands, angle brackets, commas. None is meant to be a company that exists.

var customers = []string{
	"Müller & Söhne GmbH", "Kavárna U Dvou Slunečnic", "日本商事", "Čistírna Žižkov s.r.o.", "Stavebniny Vltava a.s.",
	"Nábytek Javor s.r.o.", "Hotel Bílý Medvěd", "Atelier Świtezianka Sp. z o.o.", "Pekařství \"U Klasu\"", "Zahradnictví Pivoňka",
	"Škola Na Stráni", "O'Malley Interiors Ltd", "Papírnictví Racek", "Lékárna Heřmánek", "Kőszegi Kereskedelmi Kft.",
	"Divadlo Za Řekou", "Société Lumière & Fils", "Autoservis Šroubek", "Möbelhaus Größer KG", "Obec Horní Lhotka",
	"Ξενία Εμπορική Α.Ε.", "Knihkupectví Ypsilon", "Nordlys Butikk AS", "Penzion Pod Lesem, Jana Říhová", "Cukrárna Větrník",
	"<Studio> Čtverec s.r.o.", "Łódź Meble S.A.", "Tělocvičná jednota Sokolov", "ООО Ромашка Плюс", "İpek Ticaret A.Ş.",
	"Vinařství Kohout", "شركة النخيل للتجارة", "Restaurace Na Růžku", "Květinářství Fialka", "Tiskárna Písmeno s.r.o.",
	"Bengtsson & Åkerlund AB", "Domov seniorů Slunce", "Elektro Blesk", "Truhlářství Hoblina", "서울무역 주식회사",
}

var suppliers = []string{
	"Velkosklad Morava a.s.", "Porcelán Dubina s.r.o.", "Sklárna Jizera a.s.", "Fonderia Bellini S.r.l.", "Weberei Österreicher GmbH",
	"東海物産株式会社", "Textil Orlice s.r.o.", "Keramika Hnízdo", "Drewno Północ Sp. z o.o.", "Svíčkárna Plamínek",
	"Ferreira & Irmãos Lda.", "Papier Fabrik Kölln AG", "Kovovýroba Závit s.r.o.", "Lampen Jörgensen ApS", "Dílna Ořech",
}

var (
	carriers   = []string{"Rychlý kurýr s.r.o.", "Spedice Kolo a.s.", "Balíkovna Šípek", "Trans-Ðuro d.o.o."}
	agencies   = []string{"Reklama Ozvěna s.r.o.", "Billboard & Plakát a.s.", "Agentura Výkřik"}
	shops      = []string{"Papírnictví Racek", "Kancelář Plus s.r.o.", "Železářství Matka & Šroub"}
	hosts      = []string{"Cestovní kancelář Obzor", "Hotel Bílý Medvěd", "Dráhy Východ a.s.", "Taxi Modrá"}
	publishers = []string{"Oblak Hosting s.r.o.", "Účetní program Pero a.s.", "Mapy & Data GmbH"}
	craftsmen  = []string{"Instalatér Kohoutek", "Výtahy Nahoru s.r.o.", "Elektro Blesk"}
)
