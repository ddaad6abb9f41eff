package pipeline

import (
	"context"
	"slices"

	"github.com/monthend/monthend/pipeline/commentary"
	"github.com/monthend/monthend/pipeline/ledger"
	"github.com/monthend/monthend/report"
	"github.com/monthend/monthend/trace"
)

// comment decides once a run and a state of its data what the document says in words. The decision is kept before anything is drawn:
// an attempt after a crash draws the same bytes, even if the model would say something else by then, or nothing. What cannot be had
// is left out. The only errors are the ledger's, and the end of the run.
func (j *attempt) comment(ctx context.Context) error {
	if j.def.Commentary == nil || j.lease == nil { // a draft of the whole report needs none in words
		return nil
	}
	kept, decided, err := j.cfg.Ledger.Commentary(trace.Silent(ctx), j.claim.RunID, j.dataDigest)
	if err != nil {
		return err
	}
	if !decided {
		decision := ledger.Commentary{RunID: j.claim.RunID, DataDigest: j.dataDigest}
		if j.cfg.Commentary != nil {
			if err := j.draft(ctx, &decision); err != nil {
				return err
			}
		}
		if kept, err = j.cfg.Ledger.KeepCommentary(trace.Silent(ctx), decision); err != nil {
			return err
		}
	}
	j.commentary = kept
	if kept.LeftOut != "" {
		j.counters.uncommented.Add(1)
		trace.Annotate(ctx, "commentary", "left_out")
		j.cfg.Logger.Warn("commentary left out", "run", j.claim.RunID, "why", kept.LeftOut)
	}
	return nil
}

// draft asks the model. Its trouble is a decision like another.
func (j *attempt) draft(ctx context.Context, decision *ledger.Commentary) error {
	draft, err := j.cfg.Commentary.Draft(ctx, commentary.Request{
		Commentary: *j.def.Commentary, Title: j.def.Title, Currency: j.def.Currency, Locale: j.def.Locale,
		Period: j.claim.Key.Period, Datasets: j.datasets,
	})
	if cause := context.Cause(ctx); cause != nil {
		return cause // nothing was decided: the run ends here
	}
	decision.Model, decision.Tokens, decision.Paragraphs = draft.Model, draft.Tokens, draft.Paragraphs
	if err != nil {
		decision.LeftOut = err.Error()
	}
	return nil
}

// commentaryWords mark what is a draft, and say that there is none.
var commentaryWords = map[report.Locale]struct{ draft, leftOut string }{
	report.English:  {"Draft commentary, not reviewed", "Commentary left out"},
	report.German:   {"Entwurf eines Kommentars, nicht geprüft", "Kommentar weggelassen"},
	report.French:   {"Projet de commentaire, non relu", "Commentaire omis"},
	report.Czech:    {"Návrh komentáře, neověřeno", "Komentář vynechán"},
	report.Japanese: {"コメント案（未確認）", "コメントは省略されました"},
}

// addCommentary puts the words before the section on the rules, or last.
func (j *attempt) addCommentary(document *report.Document) {
	words := commentaryWords[report.Locale(j.def.Locale.Language())]
	var blocks []report.Block
	switch {
	case len(j.commentary.Paragraphs) > 0:
		blocks = append(blocks, &report.Paragraph{Text: words.draft})
		for _, p := range j.commentary.Paragraphs {
			blocks = append(blocks, &report.Paragraph{Text: p})
		}
	case j.commentary.LeftOut != "":
		blocks = append(blocks, &report.Paragraph{Text: words.leftOut})
	}
	at := slices.IndexFunc(document.Blocks, func(b report.Block) bool { _, quality := b.(*report.Quality); return quality })
	if at < 0 {
		at = len(document.Blocks)
	}
	document.Blocks = slices.Insert(document.Blocks, at, blocks...)
}
