CREATE TABLE "bridge" (
	"id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "bridge_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"study_id" text NOT NULL,
	"share" double precision NOT NULL,
	"numbers" integer NOT NULL,
	"made_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revoked_at" timestamp with time zone,
	"revoked_why" text,
	CONSTRAINT "bridge_share_in_range" CHECK ("bridge"."share" > 0 and "bridge"."share" <= 1),
	CONSTRAINT "bridge_numbers_positive" CHECK ("bridge"."numbers" > 0),
	CONSTRAINT "bridge_revoked_says_why" CHECK (("bridge"."revoked_at" is null) = ("bridge"."revoked_why" is null))
);
--> statement-breakpoint
CREATE TABLE "bridge_evidence" (
	"reproduction_id" integer PRIMARY KEY NOT NULL,
	"bridge_id" integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE "bridged_stage" (
	"bridge_id" integer NOT NULL,
	"stage_key" text NOT NULL,
	"code_digest" text NOT NULL,
	"recorded_key" text NOT NULL,
	CONSTRAINT "bridged_stage_bridge_id_stage_key_pk" PRIMARY KEY("bridge_id","stage_key"),
	CONSTRAINT "bridged_stage_key_is_digest" CHECK ("bridged_stage"."stage_key" ~ '^[0-9a-f]{64}$'),
	CONSTRAINT "bridged_stage_code_is_digest" CHECK ("bridged_stage"."code_digest" ~ '^[0-9a-f]{64}$'),
	CONSTRAINT "bridged_stage_is_another" CHECK ("bridged_stage"."stage_key" <> "bridged_stage"."recorded_key")
);
--> statement-breakpoint
ALTER TABLE "bridge" ADD CONSTRAINT "bridge_study_id_study_id_fk" FOREIGN KEY ("study_id") REFERENCES "public"."study"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bridge_evidence" ADD CONSTRAINT "bridge_evidence_reproduction_id_reproduction_id_fk" FOREIGN KEY ("reproduction_id") REFERENCES "public"."reproduction"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bridge_evidence" ADD CONSTRAINT "bridge_evidence_bridge_id_bridge_id_fk" FOREIGN KEY ("bridge_id") REFERENCES "public"."bridge"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bridged_stage" ADD CONSTRAINT "bridged_stage_bridge_id_bridge_id_fk" FOREIGN KEY ("bridge_id") REFERENCES "public"."bridge"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "bridged_stage" ADD CONSTRAINT "bridged_stage_recorded_key_execution_stage_key_fk" FOREIGN KEY ("recorded_key") REFERENCES "public"."execution"("stage_key") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "bridge_of_study" ON "bridge" USING btree ("study_id");--> statement-breakpoint
CREATE INDEX "bridge_evidence_of_bridge" ON "bridge_evidence" USING btree ("bridge_id");--> statement-breakpoint
CREATE INDEX "bridged_stage_by_key" ON "bridged_stage" USING btree ("stage_key");--> statement-breakpoint
CREATE INDEX "bridged_stage_by_recorded" ON "bridged_stage" USING btree ("recorded_key");