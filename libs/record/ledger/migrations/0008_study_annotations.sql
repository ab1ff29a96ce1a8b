CREATE TABLE "study_annotation" (
	"study_id" text PRIMARY KEY NOT NULL,
	"owner" text,
	"labels" text[] DEFAULT '{}' NOT NULL,
	"notes" text,
	"written_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_in" "xid8" DEFAULT pg_current_xact_id() NOT NULL,
	CONSTRAINT "study_annotation_is_short" CHECK (length("study_annotation"."owner") <= 200 and length("study_annotation"."notes") <= 10000 and cardinality("study_annotation"."labels") <= 50)
);
--> statement-breakpoint
ALTER TABLE "study" ADD COLUMN "extends" text;--> statement-breakpoint
ALTER TABLE "study_annotation" ADD CONSTRAINT "study_annotation_study_id_study_id_fk" FOREIGN KEY ("study_id") REFERENCES "public"."study"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "study_annotation_by_change" ON "study_annotation" USING btree ("changed_in");--> statement-breakpoint
ALTER TABLE "study" ADD CONSTRAINT "study_extends_study_id_fk" FOREIGN KEY ("extends") REFERENCES "public"."study"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE TRIGGER "study_annotation_changed" BEFORE UPDATE ON "study_annotation" FOR EACH ROW EXECUTE FUNCTION "mark_changed"();
