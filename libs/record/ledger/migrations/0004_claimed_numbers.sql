CREATE TABLE "claimed_configuration" (
	"study_id" text NOT NULL,
	"row" integer NOT NULL,
	"backbone" text NOT NULL,
	"dataset" text NOT NULL,
	"loss" text NOT NULL,
	"protocol" text NOT NULL,
	"seed" bigint,
	"size" text,
	"type" text,
	"strategy" text,
	"display_name" text,
	CONSTRAINT "claimed_configuration_study_id_row_pk" PRIMARY KEY("study_id","row"),
	CONSTRAINT "claimed_configuration_once" UNIQUE NULLS NOT DISTINCT("study_id","backbone","dataset","loss","protocol","seed"),
	CONSTRAINT "claimed_configuration_row_from_one" CHECK ("claimed_configuration"."row" >= 1)
);
--> statement-breakpoint
CREATE TABLE "claimed_number" (
	"study_id" text NOT NULL,
	"row" integer NOT NULL,
	"perturbation" text NOT NULL,
	"accuracy" double precision NOT NULL,
	CONSTRAINT "claimed_number_study_id_row_perturbation_pk" PRIMARY KEY("study_id","row","perturbation"),
	CONSTRAINT "claimed_number_accuracy_in_range" CHECK ("claimed_number"."accuracy" between 0 and 1)
);
--> statement-breakpoint
CREATE TABLE "imported_study" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"file_name" text NOT NULL,
	"file_digest" text NOT NULL,
	"reading" jsonb NOT NULL,
	"perturbations" jsonb NOT NULL,
	"imported_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "imported_study_id_is_digest" CHECK ("imported_study"."id" ~ '^[0-9a-f]{64}$')
);
--> statement-breakpoint
ALTER TABLE "claimed_configuration" ADD CONSTRAINT "claimed_configuration_study_id_imported_study_id_fk" FOREIGN KEY ("study_id") REFERENCES "public"."imported_study"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "claimed_number" ADD CONSTRAINT "claimed_number_of_row" FOREIGN KEY ("study_id","row") REFERENCES "public"."claimed_configuration"("study_id","row") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "imported_study" ADD CONSTRAINT "imported_study_file_digest_artifact_digest_fk" FOREIGN KEY ("file_digest") REFERENCES "public"."artifact"("digest") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "imported_study_by_name" ON "imported_study" USING btree ("name","imported_at");